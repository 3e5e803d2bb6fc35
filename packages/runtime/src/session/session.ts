// Writes a conversation with its key/value cache, and reads it back into the model it belongs to.

import {
  type ByteSource,
  createSha256,
  type Digest,
  equalBytes,
  type Openable,
  openSource,
  shellQuote,
  ToolkitError,
} from '@llama-ts/base';
import type { KeyValueCache } from '@llama-ts/kernels';
import type { Model } from '../model/model.js';
import { checkModel, checkOptions, type TableOf } from '../options/check-options.js';
import { contextRemedies } from '../options/context-remedies.js';
import { aSignal, positiveCount } from '../options/option-kinds.js';
import type { CacheType } from '../pass/cache-type.js';
import { cacheTypeOf } from '../pass/key-value-cache.js';
import { type Conversation, decodeConversation, encodeConversation } from './conversation.js';
import { badSession, decodeSessionHeader, encodeSessionHeader, SESSION_HEADER_BYTES } from './session-header.js';

/** A conversation that can be saved and continued. */
export interface Session extends Conversation {
  /** The token of each position that is computed, from the first. */
  readonly tokens: readonly number[];
  /** Keys and values of `tokens`. */
  readonly cache: KeyValueCache;
}

/** Where a session is written. The caller makes the file appear under its name only when it is complete. */
export interface SessionSink {
  /** Writes all bytes at an offset; the bytes may be reused afterwards. */
  writeAt(bytes: Uint8Array, byteOffset: number): Promise<void>;
}

/** Options of {@link readSession}. */
export interface ReadSessionOptions {
  /** Positions of the cache; default the model's `contextLength`. */
  readonly contextLength?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const readSessionOptions: TableOf<ReadSessionOptions> = { contextLength: positiveCount, signal: aSignal };

const CHECKSUM_BYTES = 32;
const TOKEN_BYTES = 4;
const elementBytes: Readonly<Record<CacheType, number>> = { f32: 4, f16: 2 };

/**
 * Writes a session of a model. The layout is in docs/chat.md.
 *
 * @returns bytes written, from offset 0
 * @throws ToolkitError `LIMIT_EXCEEDED`, what `model.checksum` throws; rejects with the signal's reason
 * @example
 * const file = await createDurableFile('talk.session', { force: true });
 * await file.commit(await writeSession(model, chat.session, file));
 */
export async function writeSession(
  model: Model,
  { cache, tokens, ...conversation }: Session,
  sink: SessionSink,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<number> {
  checkModel('writeSession', model);
  checkOptions('writeSession', options, { signal: aSignal });
  const { signal } = options;
  signal?.throwIfAborted();
  const json = encodeConversation(conversation);
  const hash = createSha256();
  let byteOffset = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    signal?.throwIfAborted();
    hash.update(bytes);
    await sink.writeAt(bytes, byteOffset);
    byteOffset += bytes.byteLength;
  };
  await write(
    encodeSessionHeader({
      cacheType: cacheTypeOf(cache),
      nTokens: tokens.length,
      conversationByteLength: json.byteLength,
      modelChecksum: await model.checksum(signal),
    }),
  );
  await write(json);
  await write(bytesOf(Int32Array.from(tokens)));
  // A copy, because a WebAssembly memory is shared and files cannot be written from shared memory.
  for (const block of cacheBlocks(cache, tokens.length)) await write(bytesOf(block).slice());
  await sink.writeAt(hash.digest(), byteOffset);
  return byteOffset + CHECKSUM_BYTES;
}

/**
 * Reads a session back. Nothing is allocated before the file's length is what its header and the model say.
 *
 * @param from a path, a Blob, or a source of bytes, which stays open
 * @throws ToolkitError `BAD_SESSION` for a damaged one, `SESSION_OF_ANOTHER_MODEL`, `CONTEXT_EXCEEDED`,
 *   `INVALID_OPTION`, `FILE_SHRANK`; rejects with the signal's reason
 * @example const chat = createChat(model, { session: await readSession(model, 'talk.session') });
 */
export async function readSession(model: Model, from: Openable, options: ReadSessionOptions = {}): Promise<Session> {
  checkModel('readSession', model);
  checkOptions('readSession', options, readSessionOptions);
  options.signal?.throwIfAborted();
  const source = await openSource(from);
  try {
    return await readSource(model, source, options);
  } finally {
    await source.close();
  }
}

async function readSource(model: Model, source: ByteSource, options: ReadSessionOptions): Promise<Session> {
  const { contextLength = model.contextLength, signal } = options;
  const { name } = source;
  const start = await source.read(0, Math.min(SESSION_HEADER_BYTES, source.byteLength));
  const header = decodeSessionHeader(start, name);
  if (!equalBytes(header.modelChecksum, await model.checksum(signal))) throw otherModel(name);
  const { cacheType, nTokens, conversationByteLength } = header;
  checkLength(source, model, header);
  if (nTokens > contextLength) throw tooLong(name, nTokens, contextLength, model);

  const hash = createSha256().update(start);
  let byteOffset = SESSION_HEADER_BYTES;
  const read = async (byteLength: number): Promise<Uint8Array> => {
    signal?.throwIfAborted();
    const bytes = await source.read(byteOffset, byteLength);
    byteOffset += byteLength;
    hash.update(bytes);
    return bytes;
  };
  const json = await read(conversationByteLength);
  const tokenBytes = await read(TOKEN_BYTES * nTokens);
  const cache = model.createCache({ type: cacheType, positions: contextLength });
  for (const block of cacheBlocks(cache, nTokens)) bytesOf(block).set(await read(block.byteLength));
  await checkChecksum(hash, source, byteOffset);
  const tokens = [...new Int32Array(tokenBytes.slice().buffer)];
  checkTokens(tokens, model, name);
  return { ...decodeConversation(json, name), tokens, cache };
}

/** The keys, then the values, of the first `nTokens` positions: by layer and head, (nTokens, headDim) each. */
function* cacheBlocks(cache: KeyValueCache, nTokens: number): Generator<Float32Array | Uint16Array> {
  const { nLayers, nKvHeads, seqLen, headDim } = cache;
  for (const elements of [cache.keys, cache.values]) {
    for (let head = 0; head < nLayers * nKvHeads; head++) {
      const start = head * seqLen * headDim;
      yield elements.subarray(start, start + nTokens * headDim);
    }
  }
}

function checkLength(
  source: ByteSource,
  { header: { dimensions } }: Model,
  header: ReturnType<typeof decodeSessionHeader>,
): void {
  const { cacheType, nTokens, conversationByteLength } = header;
  const { nLayers, nKvHeads, dim, nHeads } = dimensions;
  const positionBytes = 2 * nLayers * nKvHeads * (dim / nHeads) * elementBytes[cacheType] + TOKEN_BYTES;
  const expected = SESSION_HEADER_BYTES + conversationByteLength + nTokens * positionBytes + CHECKSUM_BYTES;
  if (source.byteLength === expected) return;
  throw badSession(
    source.name,
    `${source.byteLength} bytes, expected ${expected} for the ${nTokens} tokens its header states`,
  );
}

async function checkChecksum(hash: Digest, source: ByteSource, byteOffset: number): Promise<void> {
  const said = await source.read(byteOffset, CHECKSUM_BYTES);
  if (equalBytes(hash.digest(), said)) return;
  throw badSession(source.name, `it does not have the sha256 that it states at byte ${byteOffset}`);
}

function checkTokens(tokens: readonly number[], { header: { dimensions } }: Model, name: string): void {
  const stray = tokens.find((id) => id < 0 || id >= dimensions.vocabSize);
  if (stray !== undefined) {
    throw badSession(name, `token ${stray}, expected ids from 0 to ${dimensions.vocabSize - 1}`);
  }
}

function otherModel(name: string): ToolkitError {
  return new ToolkitError('SESSION_OF_ANOTHER_MODEL', `${name}: a session of other weights or settings`, {
    suggestions: [`open it with the model it was saved with: llama chat MODEL.bin --session ${shellQuote(name)}`],
  });
}

function tooLong(name: string, nTokens: number, contextLength: number, model: Model): ToolkitError {
  const { maxSeqLen } = model.header.dimensions;
  return new ToolkitError(
    'CONTEXT_EXCEEDED',
    `${name}: a session of ${nTokens} tokens, expected at most ${contextLength}: ${nTokens - contextLength} too many`,
    { suggestions: contextRemedies(nTokens, maxSeqLen, contextLength < model.contextLength) },
  );
}

function bytesOf(values: Int32Array | Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
