// The tokenizer: text to tokens by byte-level byte-pair encoding, and back.

import { ToolkitError } from '@llama-ts/base';
import type { AddedToken, SpecialToken, TokenizerData } from '@llama-ts/format';
import { createAddedTokenFinder, type PromptRun, type TextPart } from './added-tokens.js';
import { badTokenizer } from './bad-tokenizer.js';
import { checkTokenizerData } from './check-tokenizer-data.js';
import { refuseLoneSurrogates } from './lone-surrogate.js';
import { mergeBytes } from './merge-bytes.js';
import { createMergeTable } from './merge-table.js';
import { createPieceCache } from './piece-cache.js';
import { pieceEnd } from './split-llama3.js';
import { createStreamDecoder, type StreamDecoder } from './stream-decoder.js';
import { createTokenIndex, type TokenIndex } from './token-index.js';

/** Options of {@link Tokenizer.encode}. */
export interface EncodeOptions {
  /**
   * Whether names of special tokens in the text are text (the default) or tokens. Names of added tokens that are not
   * special are always tokens.
   */
  readonly specials?: 'text' | 'tokens' | undefined;
}

/** Options of decoding. */
export interface DecodeOptions {
  /** Leave special tokens out; else their names are text. Other added tokens are always text. Default false. */
  readonly skipSpecial?: boolean | undefined;
}

/** A tokenizer. Tokens do not depend on the Node version. */
export interface Tokenizer {
  /** The model's vocabulary size: all tokens, and unused ids. */
  readonly nTokens: number;
  /** Ids from here on are unused: they pad the vocabulary, are no text, and are never chosen. */
  readonly nUsedTokens: number;
  /** Special tokens in id order. */
  readonly specialTokens: readonly SpecialToken[];
  /** Added tokens that are not special, in id order. */
  readonly addedTokens: readonly AddedToken[];
  /**
   * Tokens of a text; no begin-of-text token is added.
   *
   * @throws ToolkitError LONE_SURROGATE when half a surrogate pair is in the text; BAD_TOKENIZER when a merge it needs
   * makes no token
   */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * Tokens of a prompt in runs: a run of a special token is that token, any other run is text, whatever names it holds.
   * Text is split as in the joined prompt: flags of added tokens see the neighbouring runs.
   *
   * @throws ToolkitError as {@link encode}; UNKNOWN_SPECIAL_TOKEN
   */
  encodeRuns(runs: readonly PromptRun[]): number[];
  /**
   * Text of tokens; bytes that are not UTF-8 become U+FFFD.
   *
   * @throws ToolkitError BAD_TOKEN_ID
   */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /**
   * Bytes of tokens.
   *
   * @throws ToolkitError BAD_TOKEN_ID
   */
  decodeBytes(ids: ArrayLike<number>, options?: DecodeOptions): Uint8Array;
  /** A decoder for tokens that come one by one. */
  createDecoder(options?: DecodeOptions): StreamDecoder;
  /** Id of a special token, or undefined. */
  specialId(name: string): number | undefined;
  isSpecial(id: number): boolean;
  /**
   * A copy of a token's bytes; an added token's are its name in UTF-8, and an unused id has none.
   *
   * @throws ToolkitError BAD_TOKEN_ID
   */
  tokenBytes(id: number): Uint8Array;
}

const NO_BYTES = new Uint8Array(0);
/** UTF-8 bytes per UTF-16 unit, at most. */
const MAX_BYTES_PER_UNIT = 3;
/** Piece bytes up to this many units are written to a buffer that is kept. */
const KEPT_UNITS = 1024;

/**
 * Builds a tokenizer from its data. Works with any data that keeps the rules of {@link TokenizerData}, which it reads
 * and never changes; it must stay unchanged as long as the tokenizer is used.
 *
 * @throws ToolkitError BAD_TOKENIZER, UNKNOWN_SPLIT_PATTERN
 * @example
 * const tokenizer = createTokenizer(data);
 * tokenizer.decode(tokenizer.encode('Hello')); // 'Hello'
 */
export function createTokenizer(data: TokenizerData): Tokenizer {
  const { isSpecial, isApart, nUsed } = checkTokenizerData(data);
  const index = createTokenIndex(data, isApart);
  const byteIds = findByteIds(index);
  const merges = createMergeTable(data, index);
  const specialTokens = [...data.specialTokens].sort((a, b) => a.id - b.id);
  const specialIds = new Map(specialTokens.map(({ id, name }) => [name, id]));
  const addedTokens = [...(data.addedTokens ?? [])].sort((a, b) => a.id - b.id);
  const finder = createAddedTokenFinder(specialTokens, addedTokens);
  const cache = createPieceCache();
  const utf8 = new TextEncoder();
  const keptBytes = new Uint8Array(KEPT_UNITS * MAX_BYTES_PER_UNIT);

  function appendText(text: string, output: number[]): void {
    for (let start = 0; start < text.length; ) {
      const end = pieceEnd(text, start);
      const piece = text.slice(start, end);
      let ids = cache.get(piece);
      if (ids === undefined) {
        ids = encodePiece(piece);
        cache.set(piece, ids);
      }
      for (let i = 0; i < ids.length; i++) output.push(ids[i]!);
      start = end;
    }
  }

  function encodePiece(piece: string): number[] {
    const bytes = piece.length <= KEPT_UNITS ? keptBytes : new Uint8Array(piece.length * MAX_BYTES_PER_UNIT);
    const length = utf8.encodeInto(piece, bytes).written;
    const whole = data.ignoreMerges ? index.find(bytes, 0, length) : -1;
    if (whole >= 0) return [whole];
    const ids: number[] = [];
    mergeBytes(bytes, length, byteIds, merges, ids);
    return ids;
  }

  function bytesOf(id: number, skipSpecial: boolean): Uint8Array {
    if (!Number.isInteger(id) || id < 0 || id >= data.nTokens) {
      throw new ToolkitError('BAD_TOKEN_ID', `token ${id}, expected 0 to ${data.nTokens - 1}`);
    }
    if (skipSpecial && isSpecial[id] === 1) return NO_BYTES;
    return data.tokenBytes.subarray(data.tokenOffsets[id]!, data.tokenOffsets[id + 1]!);
  }

  function decodeBytes(ids: ArrayLike<number>, { skipSpecial = false }: DecodeOptions = {}): Uint8Array {
    let length = 0;
    for (let i = 0; i < ids.length; i++) length += bytesOf(ids[i]!, skipSpecial).length;
    const bytes = new Uint8Array(length);
    let offset = 0;
    for (let i = 0; i < ids.length; i++) {
      const token = bytesOf(ids[i]!, skipSpecial);
      bytes.set(token, offset);
      offset += token.length;
    }
    return bytes;
  }

  function encodeParts(parts: readonly TextPart[]): number[] {
    const output: number[] = [];
    for (const part of parts) {
      if ('id' in part) output.push(part.id);
      else appendText(part.text, output);
    }
    return output;
  }

  return {
    nTokens: data.nTokens,
    nUsedTokens: nUsed,
    specialTokens,
    addedTokens,
    encode(text, { specials = 'text' } = {}) {
      refuseLoneSurrogates(text, 'text');
      return encodeParts(finder.split(text, { takesSpecials: specials === 'tokens' }));
    },
    encodeRuns(runs) {
      for (const run of runs) {
        if ('text' in run) refuseLoneSurrogates(run.text, 'text');
        else if (!specialIds.has(run.special)) throw unknownSpecial(run.special);
      }
      return encodeParts(finder.splitRuns(runs));
    },
    decode(ids, options) {
      return new TextDecoder('utf-8', { ignoreBOM: true }).decode(decodeBytes(ids, options));
    },
    decodeBytes,
    createDecoder({ skipSpecial = false } = {}) {
      return createStreamDecoder((id) => bytesOf(id, skipSpecial));
    },
    specialId: (name) => specialIds.get(name),
    isSpecial: (id) => isSpecial[id] === 1,
    tokenBytes: (id) => bytesOf(id, false).slice(),
  };
}

/** The error of a name that no special token has. */
function unknownSpecial(name: string): ToolkitError {
  return new ToolkitError('UNKNOWN_SPECIAL_TOKEN', `${JSON.stringify(name)} is no special token of this tokenizer`, {
    suggestions: ['see their names: tokenizer.specialTokens.map(({ name }) => name)'],
  });
}

/** (256) the token of each byte. */
function findByteIds(index: TokenIndex): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    const id = index.find(Uint8Array.of(byte), 0, 1);
    if (id < 0) {
      const hex = byte.toString(16).padStart(2, '0');
      throw badTokenizer(`no token for byte 0x${hex}, expected one for each of 256`);
    }
    return id;
  });
}
