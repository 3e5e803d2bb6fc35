// The weights of a checkpoint's folder, in whichever format, seen as one file.

import type { ShardTensorInfo, TensorReader } from '@llama-ts/safetensors';

/** An open file. */
export interface WeightFile {
  readonly byteLength: number;
  /** Fills `into` with the file's bytes from `byteOffset` on. */
  readBytes(byteOffset: number, into: Uint8Array, signal?: AbortSignal): Promise<void>;
}

/** The open files of a checkpoint's weights. */
export interface WeightFolder extends TensorReader<ShardTensorInfo> {
  /** Files by their path relative to the folder. */
  readonly files: ReadonlyMap<string, WeightFile>;
  /** Odd but harmless findings. */
  readonly warnings: readonly string[];
}
