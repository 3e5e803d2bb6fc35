// GGUF files that cannot be written, and weights that do not fit.

import { encodeF32, quantizeQ8_0, writeGguf } from '@llama-ts/gguf';
import type { Scenario } from '../scenario.js';
import { prepareWriter } from './writer.js';

const huge = new Float32Array(32).fill(9e6);

export const ggufScenarios: readonly Scenario[] = [
  {
    title: 'a GGUF file to be written into a folder that is not there',
    code: 'FILE_UNWRITABLE',
    call: (s) => writeGguf(s.path('new folder/a.gguf'), []),
  },
  {
    title: 'a GGUF file to be written into a folder of somebody else',
    code: 'FILE_UNWRITABLE',
    needsModes: true,
    prepare: (s) => prepareWriter(s, 'gguf', 'writeGguf'),
    command: 'node write.mjs',
  },
  {
    title: 'values past the scales of Q8_0',
    code: 'NON_FINITE',
    call: () => quantizeQ8_0(huge),
    scope: () => ({ encodeF32, values: huge }),
  },
];
