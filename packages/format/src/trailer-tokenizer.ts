// The trailer's tokenizer: binary, so that 128,256 tokens are ready in milliseconds.
//
//   u32 ×6     split pattern (1 = llama3), flags (1: ignore merges, 2: merges stored, 4: marks), nTokens, nMerges,
//              nSpecials, bytes of all tokens
//   u32 ×nTokens+1   offset of each token's bytes, and the end of the last
//   u32 ×2·nMerges   pairs of ids, best rank first
//   u32 ×nSpecials   ids of the special tokens, ascending
//   u32, u32 ×2·nMarked   with flag 4: nMarked, then the id and the marks of each added token, ascending; special tokens
//              without marks are left out
//   bytes            the tokens in id order; an added token's are its name, and unused ids at the end have none

import { ByteReader, badTrailer } from './bytes.js';
import { MAX_TOKEN_BYTES, MAX_VOCAB_SIZE } from './limits.js';
import { type AddedToken, countUsedTokens, type TokenizerData } from './tokenizer-data.js';

const LLAMA3_SPLIT_PATTERN = 1;
const FLAG_IGNORE_MERGES = 1;
const FLAG_MERGES = 2;
const FLAG_MARKS = 4;
const ALL_FLAGS = FLAG_IGNORE_MERGES | FLAG_MERGES | FLAG_MARKS;
/** Marks of an added token, by their bits. */
const MARKS = { lstrip: 1, rstrip: 2, singleWord: 4, normalized: 8, inVocabulary: 16 } as const;
const ALL_MARKS = 31;
const HEADER_FIELDS = 6;

/** The tokenizer as bytes. */
export function encodeTokenizer(data: TokenizerData): Uint8Array {
  const mergeIds = data.merges ?? new Uint32Array(0);
  const marked = markedTokens(data);
  const nMarkWords = marked.length === 0 ? 0 : 1 + 2 * marked.length;
  const nWords = HEADER_FIELDS + data.nTokens + 1 + mergeIds.length + data.specialTokens.length + nMarkWords;
  const bytes = new Uint8Array(4 * nWords + data.tokenBytes.byteLength);
  const view = new DataView(bytes.buffer);
  let word = 0;
  const put = (value: number): void => view.setUint32(4 * word++, value, true);
  put(LLAMA3_SPLIT_PATTERN);
  put(
    (data.ignoreMerges ? FLAG_IGNORE_MERGES : 0) |
      (data.merges === null ? 0 : FLAG_MERGES) |
      (marked.length === 0 ? 0 : FLAG_MARKS),
  );
  put(data.nTokens);
  put(mergeIds.length / 2);
  put(data.specialTokens.length);
  put(data.tokenBytes.byteLength);
  data.tokenOffsets.forEach(put);
  mergeIds.forEach(put);
  for (const special of data.specialTokens) put(special.id);
  if (marked.length > 0) put(marked.length);
  for (const { id, marks } of marked) [id, marks].forEach(put);
  bytes.set(data.tokenBytes, 4 * word);
  return bytes;
}

/**
 * The tokenizer, as views of the bytes: they must stay unchanged.
 *
 * @throws ToolkitError `BAD_TRAILER`
 */
export function decodeTokenizer(bytes: Uint8Array, name: string): TokenizerData {
  const reader = new ByteReader(bytes, name);
  const pattern = reader.uint32('the split pattern');
  if (pattern !== LLAMA3_SPLIT_PATTERN)
    throw badTrailer(`${name}: split pattern ${pattern}, expected ${LLAMA3_SPLIT_PATTERN}`);
  const flags = reader.uint32('the flags');
  if (flags > ALL_FLAGS) throw badTrailer(`${name}: flags ${flags}, expected 0 to ${ALL_FLAGS}`);
  const nTokens = reader.uint32('the token count');
  const nMerges = reader.uint32('the merge count');
  const nSpecials = reader.uint32('the special token count');
  const nBytes = reader.uint32('the byte count');
  if (nTokens < 1 || nTokens > MAX_VOCAB_SIZE || nSpecials > nTokens) {
    throw badTrailer(`${name}: ${nTokens} tokens with ${nSpecials} specials, expected 1 to ${MAX_VOCAB_SIZE} tokens`);
  }
  const tokenOffsets = reader.uint32Array(nTokens + 1, 'the token offsets');
  const mergeIds = reader.uint32Array(2 * nMerges, 'the merges');
  const specialIds = reader.uint32Array(nSpecials, 'the special tokens');
  const nMarked = (flags & FLAG_MARKS) === 0 ? 0 : reader.uint32('the count of marked tokens');
  const marked = reader.uint32Array(2 * nMarked, 'the marked tokens');
  const tokenBytes = reader.bytesOf(nBytes, 'the token bytes');
  reader.end();
  checkOffsets(tokenOffsets, nBytes, name);
  const nameOf = nameReader(tokenBytes, tokenOffsets, name);
  const marks = decodeMarks(marked, nTokens, name);
  checkAscending(specialIds, nTokens, name);
  const specials = new Set(specialIds);
  const strayMerge = firstNotBelow(nTokens, mergeIds);
  if (strayMerge !== undefined)
    throw badTrailer(`${name}: merge of token ${strayMerge}, expected ids below ${nTokens}`);
  return {
    splitPattern: 'llama3',
    ignoreMerges: (flags & FLAG_IGNORE_MERGES) !== 0,
    nTokens,
    tokenBytes,
    tokenOffsets,
    merges: (flags & FLAG_MERGES) !== 0 ? mergeIds : null,
    specialTokens: Array.from(specialIds, (id) => addedToken(id, nameOf(id), marks.get(id) ?? 0)),
    ...addedTokens(
      [...marks].filter(([id]) => !specials.has(id)).map(([id, bits]) => addedToken(id, nameOf(id), bits)),
    ),
  };
}

/** No field without added tokens, as for files of older versions. */
function addedTokens(added: readonly AddedToken[]): Pick<TokenizerData, 'addedTokens'> {
  return added.length === 0 ? {} : { addedTokens: added };
}

interface MarkedToken {
  readonly id: number;
  readonly marks: number;
}

/** Added tokens that are not special, and special ones with a mark. */
function markedTokens({ specialTokens, addedTokens: added = [] }: TokenizerData): MarkedToken[] {
  const marksOf = (token: AddedToken): number =>
    Object.entries(MARKS).reduce((bits, [mark, bit]) => (token[mark as keyof typeof MARKS] ? bits | bit : bits), 0);
  return [
    ...specialTokens.map((token) => ({ id: token.id, marks: marksOf(token) })).filter(({ marks }) => marks !== 0),
    ...added.map((token) => ({ id: token.id, marks: marksOf(token) })),
  ].sort((a, b) => a.id - b.id);
}

function decodeMarks(words: Uint32Array, nTokens: number, name: string): Map<number, number> {
  const marks = new Map<number, number>();
  let previous = -1;
  for (let i = 0; i < words.length; i += 2) {
    const [id, bits] = [words[i]!, words[i + 1]!];
    if (id <= previous || id >= nTokens || bits > ALL_MARKS) {
      throw badTrailer(
        `${name}: token ${id} with marks ${bits} after ${previous}, expected ids ascending below ${nTokens} and marks to ${ALL_MARKS}`,
      );
    }
    marks.set(id, bits);
    previous = id;
  }
  return marks;
}

function addedToken(id: number, name: string, bits: number): AddedToken {
  const marks = Object.entries(MARKS).filter(([, bit]) => (bits & bit) !== 0);
  return { id, name, ...Object.fromEntries(marks.map(([mark]) => [mark, true])) };
}

/** A loop: half a million ids are checked whenever a model is opened. */
function firstNotBelow(limit: number, ids: Uint32Array): number | undefined {
  for (let i = 0; i < ids.length; i++) if (ids[i]! >= limit) return ids[i];
  return undefined;
}

function checkOffsets(tokenOffsets: Uint32Array, nBytes: number, name: string): void {
  if (tokenOffsets[0] !== 0 || tokenOffsets.at(-1) !== nBytes) {
    throw badTrailer(
      `${name}: token offsets run ${tokenOffsets[0]} to ${tokenOffsets.at(-1)}, expected 0 to ${nBytes}`,
    );
  }
  const nUsed = countUsedTokens({ tokenOffsets, nTokens: tokenOffsets.length - 1 });
  for (let id = 0; id < nUsed; id++) {
    const length = tokenOffsets[id + 1]! - tokenOffsets[id]!;
    if (length < 1 || length > MAX_TOKEN_BYTES) {
      throw badTrailer(`${name}: token ${id} of ${length} bytes, expected 1 to ${MAX_TOKEN_BYTES}`);
    }
  }
}

function checkAscending(ids: Uint32Array, nTokens: number, name: string): void {
  let previous = -1;
  for (const id of ids) {
    if (id <= previous || id >= nTokens) {
      throw badTrailer(`${name}: special token ${id} after ${previous}, expected ids ascending and below ${nTokens}`);
    }
    previous = id;
  }
}

/** Reads names of added tokens. */
function nameReader(bytes: Uint8Array, offsets: Uint32Array, name: string): (id: number) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return (id) => {
    try {
      return decoder.decode(bytes.subarray(offsets[id]!, offsets[id + 1]!));
    } catch (cause) {
      throw badTrailer(`${name}: special token ${id} has a name that is not UTF-8`, cause);
    }
  };
}
