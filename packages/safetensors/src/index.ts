// The public names of @llama-ts/safetensors.

export type { BlobLike, ByteSink, PartsOfBytes } from '@llama-ts/base';
export { DTYPES, type Dtype, dtypeBits, isDtype, type TensorSize, tensorSize } from './dtype.js';
export { parseHeader, readHeaderByteLength, type SafetensorsHeader } from './header.js';
export { parseIndex, type SafetensorsIndex } from './index-file.js';
export {
  MAX_DIMENSIONS,
  MAX_HEADER_BYTES,
  MAX_JSON_DEPTH,
  MAX_METADATA_ENTRIES,
  MAX_SHARDS,
  MAX_TENSOR_FIELDS,
  MAX_TENSORS,
} from './limits.js';
export { type OpenOptions, openSafetensors, type SafetensorsFile } from './safetensors-file.js';
export { openSafetensorsFolder, type SafetensorsFolder, type ShardTensorInfo } from './safetensors-folder.js';
export { type Metadata, type SerializedHeader, serializeHeader, type TensorSpec } from './serialize-header.js';
export type { ReadOptions, TensorInfo, TensorReader } from './tensor-info.js';
export { type TensorSource, type WriteOptions, writeSafetensors } from './write-safetensors.js';
