// The flags of run that answer many prompts of a file.

import { Flags } from '@oclif/core';
import { cacheBytesFlag } from '../flags/byte-size-flag.js';
import { integer } from '../flags/number-flags.js';

/** More sequences would only wait for one another. @see EngineOptions of the runtime */
const MAX_PARALLEL = 1024;
const DEFAULT_PARALLEL = 8;

export const batchFlags = {
  input: Flags.string({
    description: 'answer a file of prompts, one JSON object a line; with --output',
    dependsOn: ['output'],
    exclusive: ['prompt', 'answers', 'no-echo', 'system', 'logprobs'],
  }),
  output: Flags.string({
    description: 'write results to this file, in the order of --input; the same command resumes it after a kill',
    dependsOn: ['input'],
  }),
  parallel: Flags.custom<number>({
    description: `answer N prompts of --input at once; default ${DEFAULT_PARALLEL}`,
    dependsOn: ['input'],
    parse: integer({ min: 1, max: MAX_PARALLEL }),
  })(),
  'cache-bytes': cacheBytesFlag({
    description: 'keep up to SIZE of keys and values, for prompts with the same beginning; default 512MiB, 0 for none',
    dependsOn: ['input'],
  }),
  'no-resume': Flags.boolean({ description: 'start --output over instead of resuming it', dependsOn: ['input'] }),
  force: Flags.boolean({ description: 'replace an --output that holds other results', dependsOn: ['input'] }),
};

/** Prompts that are answered at once. */
export function parallelOf(asked: number | undefined): number {
  return asked ?? DEFAULT_PARALLEL;
}
