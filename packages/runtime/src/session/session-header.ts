// The first 64 bytes of a session file: which model it belongs to, and how long each part is.
//
//   magic, u32 version, u32 cache type, u32 tokens, u32 bytes of the conversation, sha256 of the model, u64 zero

import { shellQuote, ToolkitError } from '@llama-ts/base';
import { type CacheType, cacheTypes } from '../pass/cache-type.js';

/** The fields of the header. */
export interface SessionHeader {
  readonly cacheType: CacheType;
  /** Positions saved. */
  readonly nTokens: number;
  /** Bytes of the JSON after the header. */
  readonly conversationByteLength: number;
  /** (32) @see Model.checksum */
  readonly modelChecksum: Uint8Array;
}

export const SESSION_HEADER_BYTES = 64;
/** Far above what fits into any context. */
const MAX_CONVERSATION_BYTES = 64 * 1024 * 1024;

const MAGIC = 'llamases';
const VERSION = 1;
const CHECKSUM_OFFSET = 24;
const CHECKSUM_BYTES = 32;

/** @throws ToolkitError `LIMIT_EXCEEDED` */
export function encodeSessionHeader(header: SessionHeader): Uint8Array {
  const { cacheType, nTokens, conversationByteLength, modelChecksum } = header;
  if (conversationByteLength > MAX_CONVERSATION_BYTES) {
    throw new ToolkitError(
      'LIMIT_EXCEEDED',
      `a conversation of ${conversationByteLength} bytes, expected at most ${MAX_CONVERSATION_BYTES} to save`,
    );
  }
  const bytes = new Uint8Array(SESSION_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, cacheTypes.indexOf(cacheType), true);
  view.setUint32(16, nTokens, true);
  view.setUint32(20, conversationByteLength, true);
  bytes.set(modelChecksum, CHECKSUM_OFFSET);
  return bytes;
}

/** @throws ToolkitError `BAD_SESSION` */
export function decodeSessionHeader(bytes: Uint8Array, name: string): SessionHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < SESSION_HEADER_BYTES || new TextDecoder('latin1').decode(bytes.subarray(0, 8)) !== MAGIC) {
    throw new ToolkitError('BAD_SESSION', `${name}: is no session, expected ${JSON.stringify(MAGIC)} at byte 0`);
  }
  const version = view.getUint32(8, true);
  if (version !== VERSION) throw badSession(name, `session version ${version} at byte 8, expected ${VERSION}`);
  const type = view.getUint32(12, true);
  const cacheType = cacheTypes[type];
  if (cacheType === undefined) throw badSession(name, `cache type ${type} at byte 12, expected 0 or 1`);
  const conversationByteLength = view.getUint32(20, true);
  if (conversationByteLength > MAX_CONVERSATION_BYTES) {
    throw badSession(
      name,
      `conversation of ${conversationByteLength} bytes at byte 20, expected at most ${MAX_CONVERSATION_BYTES}`,
    );
  }
  if (view.getBigUint64(CHECKSUM_OFFSET + CHECKSUM_BYTES, true) !== 0n) {
    throw badSession(name, `bytes 56 to 63 are not zero`);
  }
  return {
    cacheType,
    nTokens: view.getUint32(16, true),
    conversationByteLength,
    modelChecksum: bytes.slice(CHECKSUM_OFFSET, CHECKSUM_OFFSET + CHECKSUM_BYTES),
  };
}

export function badSession(name: string, problem: string, cause?: unknown): ToolkitError {
  return new ToolkitError('BAD_SESSION', `${name}: ${problem}`, {
    suggestions: [`put it aside: mv ${shellQuote(name)} ${shellQuote(`${name}.damaged`)}`],
    cause,
  });
}
