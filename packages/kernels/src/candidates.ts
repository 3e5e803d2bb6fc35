// The backends of this installation, fastest first.
import type { BackendName, Kernels } from './kernels.js';
import { nativeBackends } from './native/addon.js';
import { nativeKernels } from './native/native-kernels.js';

/** A backend that may or may not run on this machine. */
export interface Candidate {
  readonly backend: BackendName;
  /** Rejects when it cannot run here: `BACKEND_UNSUPPORTED` where no installation could change that. */
  readonly load: (threads: number | undefined) => Promise<Kernels>;
}

/** In the order of preference. The last one runs everywhere. Those behind the addon are loaded when it is their turn. */
export const candidates: readonly Candidate[] = [
  ...nativeBackends.map((backend) => ({ backend, load: (threads?: number) => nativeKernels(backend, threads) })),
  { backend: 'wasm', load: async (threads) => (await import('./wasm/wasm-kernels.js')).wasmKernels(threads) },
  { backend: 'reference', load: async () => (await import('./reference/reference-kernels.js')).referenceKernels() },
];
