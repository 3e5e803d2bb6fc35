// Public names of @llama-ts/format.

export { type AssumedSettings, assumedSettings } from './assumed-settings.js';
export { type BinFile, readBinFile, readBinHeader, readBinOutline, readHeaderBytes } from './bin-file.js';
export { type CompleteSettingsOptions, completeSettings } from './complete-settings.js';
export { exportAgain } from './export-again.js';
export { findWholeTrailer } from './find-whole-trailer.js';
export { chooseGroupSize, DEFAULT_GROUP_SIZE } from './group-size.js';
export {
  type BinHeader,
  type BinVersion,
  checkHeads,
  decodeHeader,
  encodeHeader,
  HEADER_BYTES,
  headerByteLength,
  neededHeaderBytes,
} from './header.js';
export { type BinLayout, type BinTensor, bitsPerWeightOf, layout } from './layout.js';
export {
  MAX_DIM,
  MAX_GROUP_SIZE,
  MAX_HEADS,
  MAX_LAYERS,
  MAX_SEQ_LEN,
  MAX_TOKEN_BYTES,
  MAX_TRAILER_BYTES,
  MAX_VOCAB_SIZE,
} from './limits.js';
export {
  type BoundaryTokens,
  type EndTokenSource,
  type ForwardSettings,
  type GenerationDefaults,
  type Llama3RopeScaling,
  llama32RopeScaling,
  type ModelDimensions,
  promptPrefix,
} from './model-config.js';
export { type TemplateFacts, templateFacts } from './template-facts.js';
export {
  columnsOf,
  isRopeTable,
  rowsOf,
  type TensorKind,
  type TensorShape,
  tensorName,
  tensorShape,
  tensorShapes,
} from './tensor-shapes.js';
export { decodeTokenizerBin, encodeTokenizerBin, type TokenizerBin } from './tokenizer-bin.js';
export {
  type AddedToken,
  countUsedTokens,
  type SpecialToken,
  type SplitPattern,
  type TokenizerData,
  unusedTokenName,
} from './tokenizer-data.js';
export {
  type Checksums,
  decodeTrailer,
  encodeTrailer,
  FOOTER_BYTES,
  type Trailer,
} from './trailer.js';
export {
  CALIBRATION_RULE,
  type CalibrationTextFacts,
  type ModelDescription,
  type Provenance,
  type Quantization,
  SEARCH_RULE,
  type SourceFile,
} from './trailer-description.js';
export {
  CODEBOOK_LENGTH,
  type EncodingId,
  type Float32Encoding,
  float32Encoding,
  isInPanels,
  isSameEncoding,
  MAX_VALUE,
  matrixEncoding,
  PANEL_GROUP_SIZE,
  PANEL_ROWS,
  type PanelEncoding,
  panelBytes,
  panelScaleBytes,
  type Q4Encoding,
  type Q8Encoding,
  type Q8RowsEncoding,
  q4Encoding,
  q8Encoding,
  q8RowsEncoding,
  scaleBytes,
  scaleCount,
  valueBytes,
  type WeightEncoding,
} from './weight-encoding.js';
