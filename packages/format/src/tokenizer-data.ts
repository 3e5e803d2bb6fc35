// A byte-level BPE tokenizer as data: what a .bin file carries and the runtime's encoder is built from.

/** A special token: a control token of the model, never produced from plain text unless asked for. */
export interface SpecialToken {
  readonly id: number;
  readonly name: string;
}

/** Split patterns the toolkit knows. A pattern found in a file is recognised, never compiled. */
export type SplitPattern = 'llama3';

/** A tokenizer's whole content. Ids are dense: every id below `nTokens` is a token, specials included. */
export interface TokenizerData {
  readonly splitPattern: SplitPattern;
  /** A piece that is a token as it stands is taken whole, without merging (`ignore_merges`). */
  readonly ignoreMerges: boolean;
  /** Tokens in all, specials included: the model's vocabulary size. */
  readonly nTokens: number;
  /** Bytes of all tokens in id order, end to end; a special's are its name in UTF-8. */
  readonly tokenBytes: Uint8Array;
  /** (nTokens + 1) start of each token in `tokenBytes`, and the end of the last. */
  readonly tokenOffsets: Uint32Array;
  /** (nMerges, 2) pairs of ids that merge, best rank first; null when merges follow from the ids (tiktoken). */
  readonly merges: Uint32Array | null;
  /** In id order. */
  readonly specialTokens: readonly SpecialToken[];
}
