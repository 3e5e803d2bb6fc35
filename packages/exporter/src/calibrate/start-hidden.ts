// The residual stream before the first layer: the rows of the embedding table as the source has them.

import { type BinTensor, columnsOf, type ModelDimensions } from '@llama-ts/format';
import type { Kernels } from '@llama-ts/kernels';
import type { ReadFloats } from './layer-weights.js';

/** The model and its embedding table. */
export interface StartHiddenOptions {
  readonly dimensions: ModelDimensions;
  readonly tensors: readonly BinTensor[];
  readonly readFloats: ReadFloats;
  readonly kernels: Kernels;
}

/** Reads the rows of all tokens, chunk after chunk: (tokens, dim) */
export async function startHidden(
  chunks: readonly Int32Array[],
  { dimensions, tensors, readFloats, kernels }: StartHiddenOptions,
): Promise<Float32Array> {
  const { dim } = dimensions;
  const placesOf = new Map<number, number[]>();
  let nTokens = 0;
  for (const id of chunks.flatMap((chunk) => [...chunk])) {
    const places = placesOf.get(id);
    if (places === undefined) placesOf.set(id, [nTokens]);
    else places.push(nTokens);
    nTokens++;
  }
  const hidden = kernels.allocate.float32(nTokens * dim);
  const table = tensors.find(({ kind }) => kind === 'embedding')!;
  await readFloats(table, (weights, firstRow) => {
    for (let row = 0; row < weights.length / columnsOf(table); row++) {
      for (const place of placesOf.get(firstRow + row) ?? []) {
        hidden.set(weights.subarray(row * dim, (row + 1) * dim), place * dim);
      }
    }
  });
  return hidden;
}
