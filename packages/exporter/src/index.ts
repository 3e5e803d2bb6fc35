// Public names of @llama-ts/exporter.

export { type CheckpointConfig, parseConfig } from './checkpoint/config.js';
export { type GenerationConfig, parseGenerationConfig } from './checkpoint/generation-config.js';
export {
  type Checkpoint,
  type OpenCheckpointOptions,
  openCheckpoint,
  type SourceFilesOptions,
} from './checkpoint/open-checkpoint.js';
export type { WeightPass, WeightStream } from './checkpoint/weight-stream.js';
export { type ConvertOptions, type ConvertResult, type ConvertTarget, convertModel } from './convert/convert-model.js';
export type { PlainFileKnowledge } from './convert/convert-source.js';
export { mergesOfRanks } from './convert/merges-of-ranks.js';
export type { FloatType, WeightType } from './convert/weight-types.js';
export { type ExportEvent, type ExportOptions, type ExportResult, exportModel } from './export-model.js';
export { describeFileFailure, type FailureNames } from './files/file-failure.js';
export { FILE_LAYER, type FileLayer } from './files/file-layer.js';
export { makeFolder } from './files/make-folder.js';
export { createOwnFile, type OpenOwnOptions, openOwnAppendFile, openOwnFile } from './files/own-file.js';
export type { HubClock } from './hub/connection.js';
export { type DownloadSnapshotOptions, downloadSnapshot } from './hub/download-snapshot.js';
export type { HubEvent, HubEventReason, HubEventRetry } from './hub/hub-events.js';
export { type HubSettings, hubSettingsFromEnv, readHubToken } from './hub/hub-settings.js';
export { type DownloadPlan, type PlanDownloadOptions, type PlannedFile, planDownload } from './hub/plan-download.js';
export { type OpenRemoteFileOptions, openRemoteFile, type RemoteFile, type RemoteSlice } from './hub/remote-file.js';
export type { Retry } from './hub/retry.js';
export type { HubSnapshot, SnapshotFile } from './hub/snapshot.js';
export { type StreamCheckpointOptions, streamCheckpoint } from './hub/stream-checkpoint.js';
export type { Include } from './hub/wanted-files.js';
export {
  type BinDescription,
  type CheckpointDescription,
  type InspectOptions,
  inspectPath,
  type ModelSummary,
  type PathDescription,
  type SafetensorsDescription,
  type TokenizerDescription,
} from './inspect.js';
export type { OtherDescription } from './inspect-other.js';
export type { JsonObject } from './json-fields.js';
export { checkOutput, checkWritable, type OutputOptions } from './output/check-output.js';
export type { DiskNeed } from './output/disk-space.js';
export { createDurableFile, type DurableFile, type DurableFileOptions } from './output/durable-file.js';
export type { JournalEntry } from './output/journal.js';
export { type LineFile, type LineFileOptions, openLineFile } from './output/line-file.js';
export type { RowsRead } from './output/weight-source.js';
export type { WriteEvent } from './output/write-weights.js';
export type { Plan, PlannedInput, PlannedOutput } from './plan/plan.js';
export {
  type ConvertPlan,
  type PlanConvertOptions,
  type PlanHubConvertOptions,
  type PlannedConvertOptions,
  type PlannedFormat,
  planConvert,
  planHubConvert,
} from './plan/plan-convert.js';
export {
  type ExportPlan,
  type PlanExportOptions,
  type PlanHubExportOptions,
  type PlannedExportOptions,
  planExport,
  planHubExport,
} from './plan/plan-export.js';
export type { PlannedRepositoryOptions } from './plan/planned-source.js';
export { type QuantizeOptions, quantizeModel } from './quantize-model.js';
export { shellWord } from './shell-word.js';
export type { ForeignCheckpoint } from './source/foreign-checkpoint.js';
export { type FolderTraces, foreignFolder, notACheckpoint, readTraces } from './source/foreign-folder.js';
export { hasFileEnding } from './source/hub-address.js';
export {
  type OpenSourceOptions,
  openFolder,
  openSource,
  type RepositoryRequest,
  type Snapshot,
} from './source/open-source.js';
export { type ReadSourceNameOptions, readSourceName, type SourceName } from './source/read-source-name.js';
export { type SnapshotFolder, snapshotOfFolder } from './source/snapshot-folder.js';
export { refuseSource } from './source/source-refusal.js';
export type { TensorDescription } from './tensor-description.js';
export { llama32Specials, parseTiktoken } from './tokenizer/tiktoken.js';
export { parseTokenizerJson, readTokenizerJson } from './tokenizer/tokenizer-json.js';
export { TOOL } from './tool.js';
export type { FloatRows, SourceRows, SourceWords } from './weights/float-rows.js';
export { openFloatRows } from './weights/open-float-rows.js';
export { openStoredTensor, type StoredRows, type StoredTensor } from './weights/stored-tensor.js';
export {
  type OpenWeightCodecOptions,
  openWeightCodec,
  type QuantizedRows,
  type WeightCodec,
} from './weights/weight-codec.js';
