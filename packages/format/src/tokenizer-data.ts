// A byte-level BPE tokenizer as data: what a .bin file carries and the runtime's encoder is built from.

/** A token that is found in text by its name, before the text is split. Flags are those of the `tokenizers` library. */
export interface AddedToken {
  /** Id of the token, from 0. */
  readonly id: number;
  readonly name: string;
  /** White space before it is part of it. Default false. */
  readonly lstrip?: boolean | undefined;
  /** White space after it is part of it. Default false. */
  readonly rstrip?: boolean | undefined;
  /** Whether it is found as a whole word only. Default false. */
  readonly singleWord?: boolean | undefined;
  /** Whether it is searched in the text between the tokens that are not normalized. Default false. */
  readonly normalized?: boolean | undefined;
  /** Byte-pair encoding can make it too, since the vocabulary lists it. Default false; special tokens never have it. */
  readonly inVocabulary?: boolean | undefined;
}

/** A special token: a control token of the model, never produced from plain text unless asked for. */
export type SpecialToken = AddedToken;

/** Split patterns the toolkit knows. A pattern found in a file is recognised, never compiled. */
export type SplitPattern = 'llama3';

/** A tokenizer's whole content. Every id below `nTokens` is a token, except for unused ids at the end. */
export interface TokenizerData {
  readonly splitPattern: SplitPattern;
  /** A piece that is a token is taken whole, without merging (`ignore_merges`). */
  readonly ignoreMerges: boolean;
  /** The model's vocabulary size: all tokens, added and special ones included, and unused ids. */
  readonly nTokens: number;
  /** Bytes of all tokens in id order, end to end; an added token's are its name in UTF-8. */
  readonly tokenBytes: Uint8Array;
  /** (nTokens + 1) start of each token in `tokenBytes`, and the end of the last; unused ids have no bytes. */
  readonly tokenOffsets: Uint32Array;
  /** (nMerges, 2) pairs of ids that merge, best rank first; null when merges follow from the ids (tiktoken). */
  readonly merges: Uint32Array | null;
  /** Special tokens in id order. */
  readonly specialTokens: readonly SpecialToken[];
  /** Added tokens that are not special, in id order: found in every text, and part of the model's output. Default none. */
  readonly addedTokens?: readonly AddedToken[] | undefined;
}

/** Number of tokens without the unused ids at the end, which pad a vocabulary. */
export function countUsedTokens({ nTokens, tokenOffsets }: Pick<TokenizerData, 'nTokens' | 'tokenOffsets'>): number {
  let nUsed = nTokens;
  while (nUsed > 0 && tokenOffsets[nUsed] === tokenOffsets[nUsed - 1]) nUsed--;
  return nUsed;
}

/** The name of an unused id, as llama.cpp's converter has it. */
export function unusedTokenName(id: number): string {
  return `[PAD${id}]`;
}
