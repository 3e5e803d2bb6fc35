// The public names of @llama-ts/gguf.

export { GgufError, type GgufErrorCode, type GgufErrorOptions } from './gguf-error.js';
export { bfloat16Bits, encodeBf16, encodeF16, encodeF32, float16Bits } from './half-formats.js';
export {
  ALIGNMENT_BYTES,
  MAX_ARRAY_DEPTH,
  MAX_DIMENSIONS,
  MAX_HEADER_BYTES,
  MAX_KEY_BYTES,
  MAX_NAME_BYTES,
} from './limits.js';
export type { GgufArray, GgufMetadata, GgufScalar, GgufValue, NumberKind } from './metadata.js';
export { quantizeQ8_0 } from './quantize-q8-0.js';
export { type SerializedHeader, serializeHeader, type TensorInfo, type TensorSpec } from './serialize-header.js';
export { isTensorType, TENSOR_TYPES_WRITTEN, type TensorType, tensorByteLength } from './tensor-type.js';
export { type ByteSink, type TensorSource, type WriteOptions, writeGguf } from './write-gguf.js';
