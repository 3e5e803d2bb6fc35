// Flags that say how GGUF and safetensors are written.

import type { WeightType } from '@llama-ts/exporter';
import { Flags } from '@oclif/core';
import { byteSizeFlag } from './byte-size-flag.js';

/** Formats of {@link ConvertTarget}, for `--to`. */
export const targets = ['v0', 'v1', 'v2', 'v3', 'gguf', 'safetensors'];

export const convertFlags = {
  type: Flags.string({
    description:
      'store weights of gguf and safetensors as this type, q8_0 for gguf only; default the smallest that loses nothing',
    options: ['f32', 'f16', 'bf16', 'q8_0'],
  }),
  'shard-size': byteSizeFlag({
    description: 'start another safetensors file at this many bytes of tensors, such as 500MB; default 5GB',
  }),
};

/** The flag as the exporter names it. */
export function weightType(type: string | undefined): WeightType | undefined {
  return type?.toUpperCase() as WeightType | undefined;
}
