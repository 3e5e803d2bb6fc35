// The options that every backend is opened with.
import type { ForcedTuning } from './tuning.js';

export interface BackendOptions {
  readonly threads?: number | undefined;
  /** Takes the place of what native kernels would choose for the CPU, and WebAssembly for the engine. */
  readonly tuning?: ForcedTuning | undefined;
  /** Folder that keeps what was measured of a CPU; without it nothing is measured. */
  readonly cacheFolder?: string | undefined;
}
