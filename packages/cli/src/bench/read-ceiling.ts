// The read ceiling of the backend that a model runs on.

import { openKernels, readSpeed } from '@llama-ts/kernels';
import type { Model } from '@llama-ts/runtime';

/** Larger than any cache, small enough for WebAssembly beside a model. */
const BUFFER_BYTES = 2 ** 29;

/** Bytes per second. @throws the signal's reason */
export async function measureReadCeiling(
  { backend, threads }: Pick<Model, 'backend' | 'threads'>,
  signal: AbortSignal,
): Promise<number> {
  const kernels = await openKernels({ backend, ...(threads > 0 ? { threads } : {}) });
  try {
    return await readSpeed(kernels, BUFFER_BYTES, signal);
  } finally {
    await kernels.close();
  }
}
