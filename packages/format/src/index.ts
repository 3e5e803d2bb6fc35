// Public names of @llama-ts/format.

export { type AssumedSettings, assumedSettings } from './assumed-settings.js';
export { type BinFile, readBinFile, readBinHeader, readBinOutline } from './bin-file.js';
export { type ByteSource, bytesSource, openFile } from './byte-source.js';
export { findWholeTrailer } from './find-whole-trailer.js';
export { describeForeignBytes } from './foreign-bytes.js';
export { chooseGroupSize, DEFAULT_GROUP_SIZE } from './group-size.js';
export {
  type BinHeader,
  type BinVersion,
  checkHeads,
  decodeHeader,
  encodeHeader,
  HEADER_BYTES,
  headerByteLength,
} from './header.js';
export { isJsonTooDeep, MAX_JSON_DEPTH } from './json-depth.js';
export {
  type BinLayout,
  type BinTensor,
  columnsOf,
  isRopeTable,
  layout,
  rowsOf,
  type TensorKind,
  tensorName,
  tensorShape,
} from './layout.js';
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
  type ModelDimensions,
  promptPrefix,
} from './model-config.js';
export { nearest } from './nearest.js';
export { exportAgain, shellQuote } from './shell-quote.js';
export { type TemplateFacts, templateFacts } from './template-facts.js';
export { decodeTokenizerBin, encodeTokenizerBin, type TokenizerBin } from './tokenizer-bin.js';
export {
  type AddedToken,
  countUsedTokens,
  type SpecialToken,
  type SplitPattern,
  type TokenizerData,
  unusedTokenName,
} from './tokenizer-data.js';
export { isToolkitError, ToolkitError, type ToolkitErrorOptions, type ToolkitErrorShape } from './toolkit-error.js';
export {
  type Checksums,
  decodeTrailer,
  encodeTrailer,
  equalBytes,
  FOOTER_BYTES,
  sha256,
  type Trailer,
} from './trailer.js';
export type { ModelDescription, Provenance, SourceFile } from './trailer-description.js';
export {
  type EncodingId,
  type Float32Encoding,
  float32Encoding,
  matrixEncoding,
  type Q8Encoding,
  q8Encoding,
  scaleBytes,
  scaleCount,
  valueBytes,
  type WeightEncoding,
} from './weight-encoding.js';
