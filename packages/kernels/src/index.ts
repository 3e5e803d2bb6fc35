// The public names of @llama-ts/kernels.

export { type InstructionSet, type InstructionSetBuild, instructionSetTable } from './instruction-sets.js';
export {
  type Allocator,
  type BackendName,
  backendNames,
  type Float32Matrix,
  type Kernels,
  type KeyValueCache,
  type Matrix,
  type OpenWeightsOptions,
  type PanelMatrix,
  type Q4PanelMatrix,
  type Q8Matrix,
  type Q8PanelMatrix,
  type Recording,
  type RopeTable,
  type Segment,
  type SourceDtype,
  sourceDtypeBytes,
  type WeightFile,
} from './kernels.js';
export { type BackendProbe, type OpenKernelsOptions, openKernels, probeBackends } from './open-kernels.js';
export { panelByteLength, panelsByteLength } from './panels.js';
export type { Sha256 } from './platform/platform.js';
export { availableCores, MAX_THREADS } from './program/threads.js';
export { type ReadSpeedOptions, readSpeed } from './read-speed.js';
export { floatToHalf, halfToFloat } from './reference/half.js';
export { panelRows, type RowReader } from './reference/panel-rows.js';
export { dot16 } from './reference/sum16.js';
export { writePanelGroup } from './reference/write-panel-group.js';
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
export { startSha256 } from './sha256.js';
export { type ChosenTuning, type ForcedTuning, prefetchTargets, type Tuning, type TuningReason } from './tuning.js';
export {
  type ChosenWasmModule,
  type WasmModuleName,
  type WasmModuleReason,
  wasmModuleNames,
} from './wasm/wasm-modules.js';
export { WASM_MEMORY_BYTES, type WasmWork, wasmOverhead } from './wasm/wasm-needs.js';
