// The read ceiling of the backend that a model runs on.

import { readSpeed } from '@llama-ts/kernels';
import type { Model } from '@llama-ts/runtime';

/** Larger than any cache, small enough for WebAssembly beside a model. */
const BUFFER_BYTES = 2 ** 29;

/** Bytes per second. @throws the signal's reason */
export async function measureReadCeiling(
  { backend, threads }: Pick<Model, 'backend' | 'threads'>,
  signal: AbortSignal,
): Promise<number> {
  return readSpeed({ backend, ...(threads > 0 ? { threads } : {}), byteLength: BUFFER_BYTES, signal });
}
