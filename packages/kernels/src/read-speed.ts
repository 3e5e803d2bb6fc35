// How fast the threads of a backend read memory: generation, which reads every weight for each token, cannot pass it.
import type { Kernels } from './kernels.js';

/** Of which the best counts: a ceiling is what the machine can do, not what it did while busy. */
const REPETITIONS = 8;

/**
 * Bytes per second over `byteLength` bytes, a multiple of 4, which should be more than any cache holds. Rejects with the
 * signal's reason.
 */
export async function readSpeed(kernels: Kernels, byteLength: number, signal?: AbortSignal): Promise<number> {
  const { buffer, byteOffset } = kernels.allocate.filled(byteLength);
  const words = new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT);
  words.fill(1); // pages that nobody wrote may all be one and the same
  const folded = kernels.allocate.int32(1);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPETITIONS; i++) {
    const start = performance.now();
    kernels.xorAll(folded, words); // the reference computes here
    await kernels.run(signal);
    best = Math.min(best, performance.now() - start);
  }
  return (byteLength * 1000) / best;
}
