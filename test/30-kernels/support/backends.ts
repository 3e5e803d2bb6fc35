// Runs the same tests on every backend of this machine, and on several numbers of threads where it has any.

import { type Kernels, openKernels, probeBackends } from '@llama-ts/kernels';

/** What became of each backend here. */
export const probes = await probeBackends();

/** Enough to split work unevenly, or not at all. */
const KERNEL_THREADS = [1, 3];

/** Declares `tests` once per backend that runs here and number of threads; `kernels()` are its kernels in a test. */
export function onEveryBackend(tests: (kernels: () => Kernels) => void, threadCounts = KERNEL_THREADS): void {
  for (const { backend, rejection } of probes) {
    if (rejection !== null) continue;
    // The reference has no threads.
    for (const threads of backend === 'reference' ? [1] : threadCounts) {
      describe(`on ${backend}, threads: ${threads}`, () => {
        let kernels: Kernels;
        before(async () => {
          kernels = await openKernels({ backend, threads });
        });
        after(() => kernels.close());
        tests(() => kernels);
      });
    }
  }
}
