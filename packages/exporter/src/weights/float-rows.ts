// The weights of a model as float32 rows in the order of a .bin file, whatever holds them.

import type {
  BinTensor,
  BoundaryTokens,
  ForwardSettings,
  GenerationDefaults,
  ModelDimensions,
  TemplateFacts,
  TokenizerData,
} from '@llama-ts/format';
import type { QuantizedRows } from './weight-codec.js';

/** What a source says of some rows. */
export interface SourceRows {
  /** (nRows, cols) */
  readonly weights: Float32Array;
  /** The rows as the source stores them, where it is quantized; else null. */
  readonly quantized: QuantizedRows | null;
}

/** What a source says besides its weights: what a trailer carries of it. */
export interface SourceWords extends ForwardSettings, BoundaryTokens, TemplateFacts {
  readonly generation: GenerationDefaults;
  readonly chatTemplate: string | null;
  readonly tokenizer: TokenizerData | null;
}

/** The weights of a model, row by row. */
export interface FloatRows {
  /** Its path, or its repository id. */
  readonly name: string;
  readonly kind: 'bin' | 'checkpoint';
  readonly dimensions: ModelDimensions;
  /** null for a .bin file without a trailer. */
  readonly words: SourceWords | null;
  /** Values per scale of a quantized source; else null. */
  readonly groupSize: number | null;
  /**
   * Rows of a tensor, which are asked for from first to last, once; `firstRow` is even, and so is `nRows` except at a
   * tensor's end. A vector is one row. What is returned holds until the next call.
   *
   * @throws ToolkitError `BAD_WEIGHTS`; `BAD_CHECKSUM` at the last rows of a tensor that the source's trailer disowns
   */
  readRows(tensor: BinTensor, firstRow: number, nRows: number, signal?: AbortSignal): Promise<SourceRows>;
  close(): Promise<void>;
}
