// The public names of @llama-ts/kernels.

export {
  type Allocator,
  type BackendName,
  backendNames,
  type Float32Matrix,
  type Kernels,
  type KeyValueCache,
  type Matrix,
  type OpenWeightsOptions,
  type Q8Matrix,
  type Recording,
  type RopeTable,
  type Segment,
  type SourceDtype,
  sourceDtypeBytes,
  type WeightFile,
} from './kernels.js';
export { type BackendProbe, type OpenKernelsOptions, openKernels, probeBackends } from './open-kernels.js';
export { availableCores, MAX_THREADS } from './program/physical-cores.js';
export { readSpeed } from './read-speed.js';
export {
  type GrowingRopeTable,
  growingRopeTable,
  type Llama3Scaling,
  type RopeFrequencyOptions,
  type RopeTableOptions,
  ropeFrequencies,
  ropeTable,
} from './rope-table.js';
export { type SegmentShape, segmentShape } from './segment-shape.js';
export { type Sha256, startSha256 } from './sha256.js';
export { type KernelsErrorCode, ToolkitError, type ToolkitErrorOptions } from './toolkit-error.js';
