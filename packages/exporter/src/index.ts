// Public names of @llama-ts/exporter.

export { type CheckpointConfig, parseConfig } from './checkpoint/config.js';
export { type GenerationConfig, parseGenerationConfig } from './checkpoint/generation-config.js';
export { type Checkpoint, type OpenCheckpointOptions, openCheckpoint } from './checkpoint/open-checkpoint.js';
export { type ExportEvent, type ExportOptions, type ExportResult, exportModel } from './export-model.js';
export {
  type BinDescription,
  type CheckpointDescription,
  inspectPath,
  type ModelSummary,
  type PathDescription,
  type SafetensorsDescription,
  type TensorDescription,
  type TokenizerDescription,
} from './inspect.js';
export { type OpenSourceOptions, openSource, type Snapshot } from './open-source.js';
export { createDurableFile, type DurableFile } from './output/durable-file.js';
export type { WriteEvent } from './output/write-weights.js';
export { type QuantizeOptions, quantizeModel } from './quantize-model.js';
export { type RoundTripOptions, roundTripErrors, type TensorError } from './round-trip.js';
export { llama32Specials, parseTiktoken } from './tokenizer/tiktoken.js';
export { parseTokenizerJson } from './tokenizer/tokenizer-json.js';
export { TOOL } from './tool.js';
