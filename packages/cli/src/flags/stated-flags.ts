// Flags that state what Meta's files do not say.

import type { StatedSizes } from '@llama-ts/exporter';
import { MAX_SEQ_LEN } from '@llama-ts/format';
import { Flags } from '@oclif/core';
import { decimal, integer } from './number-flags.js';

/** No published model scales RoPE further. */
const MAX_ROPE_FACTOR = 1024;

/** The flags of commands that take a source. */
export function statedFlags() {
  return {
    'rope-factor': Flags.custom<number>({
      description: "scale RoPE by this factor, for Meta's files of a model of unknown sizes: 32 as Llama 3.2, 8 as 3.1",
      parse: decimal({ min: 1, max: MAX_ROPE_FACTOR }),
    })(),
    'context-length': Flags.custom<number>({
      description:
        "set the model's context length, for Meta's files, which do not say it; default 131072, of Llama 3 8192",
      parse: integer({ min: 1, max: MAX_SEQ_LEN }),
    })(),
  };
}

/** What the flags state. */
export function statedSizes(flags: {
  readonly 'rope-factor': number | undefined;
  readonly 'context-length': number | undefined;
}): StatedSizes {
  return { ropeFactor: flags['rope-factor'], contextLength: flags['context-length'] };
}
