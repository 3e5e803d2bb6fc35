// The backends of this installation, fastest first.
import { platform } from '#platform';
import type { BackendOptions } from './backend-options.js';
import type { BackendName, Kernels } from './kernels.js';
import { chooseThreads } from './program/threads.js';

/** A backend that may or may not run on this machine. */
export interface Candidate {
  readonly backend: BackendName;
  /** Rejects when it cannot run here: `BACKEND_UNSUPPORTED` where no installation could change that. */
  readonly load: (options: BackendOptions) => Promise<Kernels>;
}

/** In order of preference; the last runs everywhere. The code of a backend is loaded only when it is tried. */
export const candidates: readonly Candidate[] = [
  ...platform.nativeBackends.map(({ backend, open }) => ({
    backend,
    load: (options: BackendOptions) => open(chooseThreads(options.threads), options),
  })),
  {
    backend: 'wasm',
    load: async ({ threads, tuning }) =>
      (await import('./wasm/wasm-kernels.js')).wasmKernels(threads, tuning?.wasmModule),
  },
  { backend: 'reference', load: async () => (await import('./reference/reference-kernels.js')).referenceKernels() },
];
