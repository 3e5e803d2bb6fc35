// The key/value cache of one sequence: sized by the context in use, not by what the model could take.

import { type ModelDimensions, ToolkitError } from '@llama-ts/format';
import type { Allocator, KeyValueCache } from '@llama-ts/kernels';
import { type CacheType, cacheTypes } from './cache-type.js';
import { cacheTooLarge, checkCacheSize, isOutOfMemory } from './memory-limit.js';

/** Options of `Model.createCache`. */
export interface CreateCacheOptions {
  /** Default the one the model was opened with. */
  readonly type?: CacheType | undefined;
  /** Positions to make room for; default the model's `contextLength`, which is also the most. */
  readonly positions?: number | undefined;
}

/**
 * Room for as many positions: 2 * nLayers * kvDim * positions elements.
 *
 * @throws ToolkitError `INVALID_OPTION`; `LIMIT_EXCEEDED` for more memory than there is, with a context that fits
 */
export function createKeyValueCache(
  { dim, nHeads, nKvHeads, nLayers }: ModelDimensions,
  { type, positions }: { readonly type: CacheType; readonly positions: number },
  allocate: Allocator,
): KeyValueCache {
  checkCacheType(type);
  const headDim = dim / nHeads;
  const length = nLayers * nKvHeads * positions * headDim;
  const make = (): Float32Array | Uint16Array => (type === 'f16' ? allocate.uint16(length) : allocate.float32(length));
  const perPosition = 2 * nLayers * nKvHeads * headDim;
  const size = { type, positions, bytesPerPosition: { f32: 4 * perPosition, f16: 2 * perPosition } };
  checkCacheSize(size, allocate);
  try {
    return { nLayers, nKvHeads, seqLen: positions, headDim, keys: make(), values: make() };
  } catch (error) {
    throw isOutOfMemory(error) ? cacheTooLarge(size, allocate, error) : error;
  }
}

/** @throws ToolkitError `INVALID_OPTION` */
export function checkCacheType(type: string): void {
  if ((cacheTypes as readonly string[]).includes(type)) return;
  throw new ToolkitError('INVALID_OPTION', `cache type ${JSON.stringify(type)}, expected ${cacheTypes.join(' or ')}`);
}

/** What a cache holds its elements as. */
export function cacheTypeOf({ keys }: KeyValueCache): CacheType {
  return keys instanceof Uint16Array ? 'f16' : 'f32';
}
