// Runs the same tests on every backend of this machine, and on several numbers of threads where it has any.

import { type BackendName, type Kernels, openKernels, probeBackends } from '@llama-ts/kernels';

/** What became of each backend here. */
export const probes = await probeBackends();

/** A backend and the threads to run it with. */
export interface Variant {
  readonly backend: BackendName;
  readonly threads: number;
}

/** Every backend that runs here; the reference, which has no threads, once. */
export const variants: readonly Variant[] = probes
  .filter(({ rejection }) => rejection === null)
  .flatMap(({ backend }) => (backend === 'reference' ? [1] : [1, 2, 3]).map((threads) => ({ backend, threads })));

/** Declares `tests` once per variant; `kernels()` are that variant's while a test runs. */
export function onEveryBackend(tests: (kernels: () => Kernels) => void): void {
  for (const { backend, threads } of variants) {
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
