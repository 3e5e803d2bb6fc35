// The key/value cache of one sequence: sized by the context in use, not by what the model could take.

import { ToolkitError } from '@llama-ts/base';
import type { ModelDimensions } from '@llama-ts/format';
import type { Allocator, KeyValueCache } from '@llama-ts/kernels';
import { cacheTooLarge, checkCacheSize, isOutOfMemory, type WeightsFile } from '../model/memory-limit.js';
import { type CacheType, cacheTypes } from './cache-type.js';

/** Options of `Model.createCache`. */
export interface CreateCacheOptions {
  /** Default the one the model was opened with. */
  readonly type?: CacheType | undefined;
  /** Positions of the cache; default and maximum the model's `contextLength`. */
  readonly positions?: number | undefined;
}

/**
 * Allocates keys and values: 2 * nLayers * kvDim * positions elements.
 *
 * @throws ToolkitError `INVALID_OPTION`; `LIMIT_EXCEEDED` where memory does not suffice, with a context that fits
 */
export function createKeyValueCache(
  { dim, nHeads, nKvHeads, nLayers }: ModelDimensions,
  { type, positions, weights }: { readonly type: CacheType; readonly positions: number; readonly weights: WeightsFile },
  allocate: Allocator,
): KeyValueCache {
  checkCacheType(type);
  const headDim = dim / nHeads;
  const length = nLayers * nKvHeads * positions * headDim;
  const make = (): Float32Array | Uint16Array => (type === 'f16' ? allocate.uint16(length) : allocate.float32(length));
  const perPosition = 2 * nLayers * nKvHeads * headDim;
  const size = { type, positions, weights, bytesPerPosition: { f32: 4 * perPosition, f16: 2 * perPosition } };
  checkCacheSize(size, allocate);
  try {
    return { nLayers, nKvHeads, seqLen: positions, headDim, keys: make(), values: make() };
  } catch (error) {
    throw isOutOfMemory(error) ? cacheTooLarge(size, allocate, error) : error;
  }
}

/** A cache of `positions` positions in the memory of another, from that of its position `start` on. */
export function partOfCache(whole: KeyValueCache, start: number, positions: number): KeyValueCache {
  const width = whole.nLayers * whole.nKvHeads * whole.headDim;
  const from = start * width;
  const to = (start + positions) * width;
  return { ...whole, seqLen: positions, keys: whole.keys.subarray(from, to), values: whole.values.subarray(from, to) };
}

/** @throws ToolkitError `INVALID_OPTION` */
function checkCacheType(type: string): void {
  if ((cacheTypes as readonly string[]).includes(type)) return;
  throw new ToolkitError('INVALID_OPTION', `cache type ${JSON.stringify(type)}, expected ${cacheTypes.join(' or ')}`);
}

/** The element type of a cache. */
export function cacheTypeOf({ keys }: KeyValueCache): CacheType {
  return keys instanceof Uint16Array ? 'f16' : 'f32';
}
