// The flags of run that answer many prompts of a file.

import { Flags } from '@oclif/core';
import { integer } from '../number-flags.js';

/** More would only wait for one another. @see EngineOptions of the runtime */
const MAX_PARALLEL = 1024;
const DEFAULT_PARALLEL = 8;

export const batchFlags = {
  input: Flags.string({
    description: 'file of prompts, a JSON object a line; with --output',
    dependsOn: ['output'],
    exclusive: ['prompt', 'answers', 'no-echo', 'system', 'logprobs'],
  }),
  output: Flags.string({
    description: 'file of results, in the order of --input; goes on where the same command was killed',
    dependsOn: ['input'],
  }),
  parallel: Flags.custom<number>({
    description: `prompts of --input that are answered at once; default ${DEFAULT_PARALLEL}`,
    dependsOn: ['input'],
    parse: integer({ min: 1, max: MAX_PARALLEL }),
  })(),
  'no-resume': Flags.boolean({ description: 'start --output over, also where it could go on', dependsOn: ['input'] }),
  force: Flags.boolean({ description: 'replace an --output that is of something else', dependsOn: ['input'] }),
};

/** Prompts that are answered at once. */
export function parallelOf(asked: number | undefined): number {
  return asked ?? DEFAULT_PARALLEL;
}
