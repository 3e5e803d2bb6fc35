// The key/value cache of one sequence: sized by the context in use, not by what the model could take.

import type { ModelDimensions } from '@llama-ts/format';
import type { Allocator, KeyValueCache } from '@llama-ts/kernels';

/** Room for `seqLen` positions in float32: 8 * nLayers * kvDim * seqLen bytes. */
export function createKeyValueCache(
  { dim, nHeads, nKvHeads, nLayers }: ModelDimensions,
  seqLen: number,
  allocate: Allocator,
): KeyValueCache {
  const headDim = dim / nHeads;
  const length = nLayers * nKvHeads * seqLen * headDim;
  return { nLayers, nKvHeads, seqLen, headDim, keys: allocate.float32(length), values: allocate.float32(length) };
}
