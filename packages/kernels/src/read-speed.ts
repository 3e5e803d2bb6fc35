// How fast the threads of a backend read memory. Decoding reads every weight for each token, so that it cannot be faster.
import type { BackendName, Kernels } from './kernels.js';
import { openKernels } from './open-kernels.js';
import type { Tuning } from './tuning.js';

/** Options of {@link readSpeed}. */
export interface ReadSpeedOptions {
  readonly backend?: BackendName;
  /** Threads that read, 1 to 256; default one per core. */
  readonly threads?: number;
  /** Bytes to read, a multiple of 4, and more than any cache holds. */
  readonly byteLength: number;
  readonly signal?: AbortSignal;
}

/** Ways to read. The fastest differs from core to core, and the ceiling is that of the fastest. */
const patterns: readonly Partial<Tuning>[] = [
  { prefetch: 'none' },
  { prefetch: 'first-level', prefetchBytes: 8192 },
  { prefetch: 'second-level', prefetchBytes: 8192 },
  { prefetch: 'second-level', prefetchBytes: 16384 },
  { prefetch: 'page-starts', prefetchBytes: 4096 },
];
/** How often each pattern reads. The best counts: the ceiling is what the machine can do, not what it did while busy. */
const REPETITIONS = 3;

/** Bytes per second of the fastest pattern. Rejects with the signal's reason. @throws ToolkitError as `openKernels` does */
export async function readSpeed({ byteLength, signal, ...options }: ReadSpeedOptions): Promise<number> {
  const opened: Kernels[] = [];
  try {
    for (const tuning of patterns) {
      const kernels = await openKernels({ ...options, tuning });
      opened.push(kernels);
      if (kernels.tuning === null) break; // it reads in one way only
    }
    const { allocate } = opened[0]!;
    const { buffer, byteOffset } = allocate.filled(byteLength);
    const words = new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT);
    words.fill(1); // pages that were never written may all be one page of zeros
    const folded = allocate.int32(1);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < REPETITIONS; i++) {
      // All native kernels of a process share its addresses.
      for (const kernels of opened) {
        const start = performance.now();
        kernels.xorAll(folded, words); // the reference computes here
        await kernels.run(signal);
        best = Math.min(best, performance.now() - start);
      }
    }
    return (byteLength * 1000) / best;
  } finally {
    for (const kernels of opened) await kernels.close();
  }
}
