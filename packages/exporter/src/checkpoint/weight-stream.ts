// Weights that pass by once, in the order of their files, while they are hashed.

import type { SourceFile } from '@llama-ts/format';
import type { ShardTensorInfo, TensorReader } from '@llama-ts/safetensors';
import type { RowsRead } from '../output/weight-source.js';

/** One reading of all weights. */
export interface WeightPass {
  /** Orders tensors as they pass by. */
  placeOf(tensor: string): number;
  /** Which of several files holds a tensor, where files may pass by in turns. */
  readonly fileOf?: (tensor: string) => number;
  /**
   * Fills `into` with bytes of a tensor from `start` on. A file's tensors must come in the order of their places, and the
   * bytes of each from first to last; what lies between is passed over.
   */
  readNext(tensor: string, start: number, into: Uint8Array, signal?: AbortSignal): Promise<RowsRead>;
  /**
   * Lets the rest pass by and says what the files were.
   *
   * @throws ToolkitError `HUB_CORRUPT` when a file from the hub had another digest, or an earlier look at it was another
   */
  finish(signal?: AbortSignal): Promise<readonly SourceFile[]>;
}

/** Weights of a checkpoint that stay where they are, and pass by once only. */
export interface WeightStream extends WeightPass {
  /** Looks at tensors ahead of the pass. What is read here is compared with what passes by later. */
  readonly reader: TensorReader<ShardTensorInfo>;
  /** Paths of the files. */
  readonly paths: readonly string[];
  /** Changes when one of the files does. */
  readonly identity: string;
  /** What is odd but harmless. */
  readonly warnings: readonly string[];
}
