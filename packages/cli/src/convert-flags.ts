// Flags that say how GGUF and safetensors are written.

import type { WeightType } from '@llama-ts/exporter';
import { Flags } from '@oclif/core';
import { byteSizeFlag } from './byte-size-flag.js';

/** Formats of {@link ConvertTarget}, for `--to`. */
export const targets = ['v0', 'v1', 'v2', 'gguf', 'safetensors'];

export const convertFlags = {
  type: Flags.string({
    description: 'how gguf and safetensors store weights; default the smallest that loses nothing; q8_0 for gguf',
    options: ['f32', 'f16', 'bf16', 'q8_0'],
  }),
  'shard-size': byteSizeFlag({
    description: 'most bytes of tensors in a safetensors file, such as 500MB; default 5GB',
  }),
};

/** The flag as the exporter names it. */
export function weightType(type: string | undefined): WeightType | undefined {
  return type?.toUpperCase() as WeightType | undefined;
}
