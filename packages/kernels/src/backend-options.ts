// The options that every backend is opened with.
import type { Tuning } from './tuning.js';

export interface BackendOptions {
  readonly threads?: number | undefined;
  /** Takes the place of what the native kernels would choose for the CPU; the others have no such choices. */
  readonly tuning?: Partial<Tuning> | undefined;
  /** Folder that keeps what was measured of a CPU; without it nothing is measured. */
  readonly cacheFolder?: string | undefined;
}
