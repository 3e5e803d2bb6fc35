// The public names of @llama-ts/gguf.

export type { ByteSink, PartsOfBytes } from '@llama-ts/base';
export {
  dequantize,
  isQuantizedTypeRead,
  QUANTIZED_TYPES_READ,
  type QuantizedType,
} from './dequantize.js';
export { type GgmlType, ggmlByteLength, ggmlTypes, type TypeLayout } from './ggml-types.js';
export { type GgufFile, type GgufRange, type OpenGgufOptions, openGguf } from './gguf-file.js';
export { bfloat16Bits, encodeBf16, encodeF16, encodeF32, float16Bits } from './half-formats.js';
export { float16Values } from './half-values.js';
export {
  ALIGNMENT_BYTES,
  MAX_ALIGNMENT_BYTES,
  MAX_ARRAY_DEPTH,
  MAX_DIMENSIONS,
  MAX_HEADER_BYTES,
  MAX_KEY_BYTES,
  MAX_METADATA_ENTRIES,
  MAX_NAME_BYTES,
  MAX_READ_BOOLS,
  MAX_READ_HEADER_BYTES,
  MAX_READ_STRINGS,
  MAX_SPLIT_FILES,
  MAX_TENSORS,
} from './limits.js';
export type { GgufArray, GgufMetadata, GgufScalar, GgufValue, NumberKind } from './metadata.js';
export { quantizeQ8_0 } from './quantize-q8-0.js';
export type { GgufHeader } from './reader/read-header.js';
export type { GgufNumbers, GgufStrings, ReadGgufValue } from './reader/read-metadata.js';
export type { GgufTensor } from './reader/tensor-table.js';
export { type SerializedHeader, serializeHeader, type TensorInfo, type TensorSpec } from './serialize-header.js';
export {
  type GgufFiles,
  type OpenGgufFilesOptions,
  openGgufFiles,
  type SplitTensor,
  splitFileNames,
} from './split-files.js';
export {
  type BlockType,
  decodeStoredBlocks,
  encodeStoredBlocks,
  iq4NlValues,
  q4_0Values,
  type StoredBlocks,
} from './stored-blocks.js';
export { isTensorType, TENSOR_TYPES_WRITTEN, type TensorType, tensorByteLength } from './tensor-type.js';
export { type TensorSource, type WriteOptions, writeGguf } from './write-gguf.js';
