// How fast the threads of a backend read memory: generation, which reads every weight for each token, cannot pass it.

import { openKernels } from '@llama-ts/kernels';
import type { Model } from '@llama-ts/runtime';

/** Larger than any cache, small enough for WebAssembly beside a model. */
const BUFFER_BYTES = 2 ** 29;
const REPETITIONS = 6;

/** Bytes per second, the best of a few: a ceiling is what the machine can do. @throws the signal's reason */
export async function measureReadCeiling(
  { backend, threads }: Pick<Model, 'backend' | 'threads'>,
  signal: AbortSignal,
): Promise<number> {
  const kernels = await openKernels({ backend, ...(threads > 0 ? { threads } : {}) });
  try {
    const words = kernels.allocate.int32(BUFFER_BYTES / 4);
    words.fill(1); // pages that nobody wrote may all be one and the same
    const folded = kernels.allocate.int32(1);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < REPETITIONS; i++) {
      const start = performance.now();
      kernels.xorAll(folded, words); // the reference computes here
      await kernels.run(signal);
      best = Math.min(best, performance.now() - start);
    }
    return (BUFFER_BYTES * 1000) / best;
  } finally {
    await kernels.close();
  }
}
