// Public names of @llama-ts/exporter.

export type { JsonObject } from '@llama-ts/base';
export type { CalibrationText } from './calibrate/calibration.js';
export { type CalibrationSpeed, calibrationMemoryBytes, measureCalibration } from './calibrate/calibration-cost.js';
export { type DerivedTensor, type DeriveLayersOptions, deriveLayers, rowsOfPanels } from './calibrate/derive-layers.js';
export { type CheckpointConfig, parseConfig } from './checkpoint/config.js';
export { type GenerationConfig, parseGenerationConfig } from './checkpoint/generation-config.js';
export { type OpenCheckpointOptions, openCheckpoint } from './checkpoint/open-checkpoint.js';
export type { TensorPass, WeightStream } from './checkpoint/weight-stream.js';
export { type ConvertOptions, type ConvertResult, type ConvertTarget, convertModel } from './convert/convert-model.js';
export { mergesOfRanks } from './convert/merges-of-ranks.js';
export type { FloatType, WeightType } from './convert/weight-types.js';
export { type ExportEvent, type ExportOptions, type ExportResult, exportModel } from './export-model.js';
export type { HubClock } from './hub/connection.js';
export { type DownloadSnapshotOptions, downloadSnapshot } from './hub/download-snapshot.js';
export type { HubEvent, HubEventReason, HubEventRetry } from './hub/hub-events.js';
export { type HubSettings, hubSettingsFromEnv, readHubToken } from './hub/hub-settings.js';
export { type DownloadPlan, type PlanDownloadOptions, type PlannedFile, planDownload } from './hub/plan-download.js';
export { type OpenRemoteFileOptions, openRemoteFile, type RemoteFile, type RemoteSlice } from './hub/remote-file.js';
export type { Retry } from './hub/retry.js';
export { downloadedSnapshot, type HubSnapshot, type SnapshotFile } from './hub/snapshot.js';
export { type StreamSnapshotOptions, streamSnapshot } from './hub/stream-snapshot.js';
export type { Include } from './hub/wanted-files.js';
export {
  type BinDescription,
  type CheckpointDescription,
  type GgufDescription,
  type InspectOptions,
  inspectPath,
  type PathDescription,
  type SafetensorsDescription,
} from './inspect.js';
export type { OtherDescription } from './inspect-other.js';
export { ADAPTER_FILES, type OpenAdapterOptions } from './lora/open-adapter.js';
export { withAdapters } from './lora/with-adapters.js';
export { type MetaSettings, readMetaSettings, type SizedSettings, type StatedSizes } from './meta/known-sizes.js';
export type { MetaParams } from './meta/meta-params.js';
export type { WriteEvent } from './output/write-event.js';
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
  type CalibrationToPlan,
  type ExportPlan,
  type PlanExportOptions,
  type PlanHubExportOptions,
  type PlannedCalibration,
  type PlannedExportOptions,
  planExport,
  planHubExport,
} from './plan/plan-export.js';
export type { PlannedRepositoryOptions } from './plan/planned-source.js';
export { type QuantizeOptions, quantizeModel } from './quantize-model.js';
export { notACheckpoint } from './source/foreign-folder.js';
export { ggufModelName, isGguf, type OpenGgufSourceOptions, openGgufSource } from './source/gguf-source.js';
export type {
  CompletedFacts,
  CompleteFacts,
  CompleteSource,
  ModelFacts,
  ModelSettings,
  ModelSource,
  ProvenanceOptions,
  StatedFacts,
} from './source/model-source.js';
export { pathsOf } from './source/model-source.js';
export {
  type OpenModelSourceOptions,
  openModelSource,
  sourceOpeners,
  withModelSource,
} from './source/open-model-source.js';
export { type ReadSourceNameOptions, readSourceName, type SourceName } from './source/read-source-name.js';
export { type SnapshotFolder, snapshotOfFolder } from './source/snapshot-folder.js';
export type { Download, OpenSourceOptions, RepositoryRequest, Snapshot, SourceOpener } from './source/source-opener.js';
export { refuseSource } from './source/source-refusal.js';
export { isPytorchName } from './source/training-source.js';
export type { ModelSummary, SummaryOptions, TemplateEnd, TokenizerDescription } from './summarize-model.js';
export type { TensorDescription } from './tensor-description.js';
export { type AnyTokenizer, readAnyTokenizer } from './tokenizer/read-any-tokenizer.js';
export { llama32Specials, parseTiktoken } from './tokenizer/tiktoken.js';
export { parseTokenizerBin } from './tokenizer/tokenizer-bin.js';
export { parseTokenizerJson, readTokenizerJson } from './tokenizer/tokenizer-json.js';
export { type FloatRows, floatRowsReader, type ReadFloatRows } from './weights/float-rows.js';
export { rowUnit } from './weights/rotated-rows.js';
export { openStoredTensor, type StoredRows, type StoredTensor } from './weights/stored-tensor.js';
export type { TensorType, TypeRule } from './weights/tensor-types.js';
export {
  type OpenWeightCodecOptions,
  openWeightCodec,
  type QuantizedRows,
  type WeightCodec,
} from './weights/weight-codec.js';
export type { RowsRead, WeightPass, WeightRows } from './weights/weight-rows.js';
