// The trailer's tokenizer: binary, so that 128,256 tokens are ready in milliseconds.
//
//   u32 ×6     split pattern (1 = llama3), flags (1: ignore merges, 2: merges stored), nTokens, nMerges, nSpecials,
//              bytes of all tokens
//   u32 ×nTokens+1   offset of each token's bytes, and the end of the last
//   u32 ×2·nMerges   pairs of ids, best rank first
//   u32 ×nSpecials   ids of the special tokens, ascending
//   bytes            the tokens in id order; a special's are its name

import { ByteReader, badTrailer } from './bytes.js';
import { MAX_TOKEN_BYTES, MAX_VOCAB_SIZE } from './limits.js';
import type { SpecialToken, TokenizerData } from './tokenizer-data.js';

const LLAMA3_SPLIT_PATTERN = 1;
const FLAG_IGNORE_MERGES = 1;
const FLAG_MERGES = 2;
const HEADER_FIELDS = 6;

/** The tokenizer as bytes. */
export function encodeTokenizer(data: TokenizerData): Uint8Array {
  const mergeIds = data.merges ?? new Uint32Array(0);
  const nWords = HEADER_FIELDS + data.nTokens + 1 + mergeIds.length + data.specialTokens.length;
  const bytes = new Uint8Array(4 * nWords + data.tokenBytes.byteLength);
  const view = new DataView(bytes.buffer);
  let word = 0;
  const put = (value: number): void => view.setUint32(4 * word++, value, true);
  put(LLAMA3_SPLIT_PATTERN);
  put((data.ignoreMerges ? FLAG_IGNORE_MERGES : 0) | (data.merges === null ? 0 : FLAG_MERGES));
  put(data.nTokens);
  put(mergeIds.length / 2);
  put(data.specialTokens.length);
  put(data.tokenBytes.byteLength);
  data.tokenOffsets.forEach(put);
  mergeIds.forEach(put);
  for (const special of data.specialTokens) put(special.id);
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
  if (flags > (FLAG_IGNORE_MERGES | FLAG_MERGES)) throw badTrailer(`${name}: flags ${flags}, expected 0 to 3`);
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
  const tokenBytes = reader.bytesOf(nBytes, 'the token bytes');
  reader.end();
  checkOffsets(tokenOffsets, nBytes, name);
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
    specialTokens: decodeSpecials(specialIds, tokenBytes, tokenOffsets, name),
  };
}

/** A loop, for half a million ids are looked at whenever a model is opened. */
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
  for (let id = 0; id + 1 < tokenOffsets.length; id++) {
    const length = tokenOffsets[id + 1]! - tokenOffsets[id]!;
    if (length < 1 || length > MAX_TOKEN_BYTES) {
      throw badTrailer(`${name}: token ${id} of ${length} bytes, expected 1 to ${MAX_TOKEN_BYTES}`);
    }
  }
}

function decodeSpecials(ids: Uint32Array, bytes: Uint8Array, offsets: Uint32Array, name: string): SpecialToken[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const specials: SpecialToken[] = [];
  let previous = -1;
  for (const id of ids) {
    if (id <= previous || id + 1 >= offsets.length) {
      throw badTrailer(
        `${name}: special token ${id} after ${previous}, expected ids ascending and below ${offsets.length - 1}`,
      );
    }
    previous = id;
    try {
      specials.push({ id, name: decoder.decode(bytes.subarray(offsets[id]!, offsets[id + 1]!)) });
    } catch (cause) {
      throw badTrailer(`${name}: special token ${id} has a name that is not UTF-8`, cause);
    }
  }
  return specials;
}
