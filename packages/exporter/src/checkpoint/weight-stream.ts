// Bytes of a checkpoint's tensors, read once and in the order of its files, which are hashed on the way.

import type { SourceFile } from '@llama-ts/format';
import type { ShardTensorInfo, TensorReader } from '@llama-ts/safetensors';
import type { RowsRead } from '../weights/weight-rows.js';

/** One reading of all tensors. */
export interface TensorPass {
  /** Orders tensors as the files hold them. */
  placeOf(tensor: string): number;
  /** Index of the file that holds a tensor, if several files can be read at once. */
  readonly fileOf?: (tensor: string) => number;
  /**
   * Fills `into` with bytes of a tensor from `start` on. A file's tensors must come in the order of their places, and the
   * bytes of each from first to last; bytes between them are skipped.
   */
  readNext(tensor: string, start: number, into: Uint8Array, signal?: AbortSignal): Promise<RowsRead>;
  /**
   * Reads the rest, and returns the files that were hashed.
   *
   * @throws ToolkitError `HUB_CORRUPT` when a file from the hub had another digest, or other bytes at an earlier look
   */
  finish(signal?: AbortSignal): Promise<readonly SourceFile[]>;
}

/** Weights of a checkpoint that stay at the hub and can be read once. */
export interface WeightStream extends TensorPass {
  /** Reads parts of tensors before the pass, which compares what it reads with them. */
  readonly reader: TensorReader<ShardTensorInfo>;
  /** Paths of the files. */
  readonly paths: readonly string[];
  /** Changes when one of the files does. */
  readonly identity: string;
  /** Unusual but harmless findings, one sentence each. */
  readonly warnings: readonly string[];
}
