// Runs the same tests on every backend of this machine, and on several numbers of threads where it has any.

import { type ForcedTuning, type Kernels, openKernels, probeBackends, wasmModuleNames } from '@llama-ts/kernels';
import { canEmulateArm, emulatedKernels } from './emulated-kernels.js';

/** What became of each backend here. */
export const probes = await probeBackends();

/** The modules of WebAssembly that run here. */
export const wasmModules = wasmModuleNames.filter(
  (name) => name === 'plain' || probes.some(({ wasmModule }) => wasmModule !== null && wasmModule.name !== 'plain'),
);

/** Enough to split work unevenly, or not at all. */
const KERNEL_THREADS = [1, 3];

/** The program may have to be compiled first. */
const EMULATED_TIMEOUT_MS = 180_000;

/** What the tests run on, by the end of their titles. */
interface Setting {
  readonly title: string;
  readonly open: (threads: number) => Promise<Kernels>;
  readonly threadCounts: readonly number[];
}

/**
 * Declares `tests` once per backend that runs here and number of threads; `kernels()` are its kernels in a test. Where an
 * Arm CPU can be emulated, its backend is one of them.
 */
export function onEveryBackend(tests: (kernels: () => Kernels) => void, threadCounts = KERNEL_THREADS): void {
  for (const { title, open, threadCounts: counts } of settings(threadCounts)) {
    for (const threads of counts) {
      describe(`on ${title}, threads: ${threads}`, () => {
        let kernels: Kernels;
        before(async function () {
          this.timeout(EMULATED_TIMEOUT_MS);
          kernels = await open(threads);
        });
        after(() => kernels.close());
        tests(() => kernels);
      });
    }
  }
}

function settings(threadCounts: readonly number[]): Setting[] {
  const present = probes.filter(({ rejection }) => rejection === null);
  const ofHost = present.flatMap(({ backend }) => {
    const variants: readonly ForcedTuning[] =
      backend === 'wasm' ? wasmModules.map((wasmModule) => ({ wasmModule })) : [{}];
    return variants.map((tuning) => ({
      title: [backend, ...Object.values(tuning)].join(', '),
      open: (threads: number) => openKernels({ backend, threads, tuning }),
      // The reference has no threads.
      threadCounts: backend === 'reference' ? [1] : threadCounts,
    }));
  });
  const emulated = { title: 'emulated neon', open: emulatedKernels, threadCounts: threadCounts.slice(-1) };
  return canEmulateArm ? [...ofHost, emulated] : ofHost;
}
