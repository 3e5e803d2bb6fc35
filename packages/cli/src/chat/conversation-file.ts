// Files that a conversation is saved to and loaded from: sessions, and for their text transcripts.

import { type ByteSource, openFile, ToolkitError } from '@llama-ts/base';
import { type ChatMessage, type Model, readSession, type Session, writeSession } from '@llama-ts/runtime';
import { decodeUtf8 } from '../input/read-stdin.js';
import { PRIVATE_FILE } from './state-folder.js';
import { parseTranscript } from './transcript.js';

/** The content of a file. */
export type LoadedConversation =
  | { readonly type: 'session'; readonly session: Session }
  | { readonly type: 'transcript'; readonly messages: readonly ChatMessage[] };

/** Options of loading. */
export interface LoadOptions {
  /** Positions that the cache must hold. */
  readonly contextLength: number | undefined;
  readonly signal: AbortSignal;
}

const SESSION_MAGIC = 'llamases';
/** Largest transcript, in bytes: far above any conversation. */
const MAX_TRANSCRIPT_BYTES = 256 * 1024 * 1024;

/**
 * Refuses a file that {@link saveSession} could not write, before the conversation begins.
 *
 * @throws ToolkitError what checkWritable throws
 */
export async function checkSessionFile(path: string): Promise<void> {
  const { checkWritable } = await import('@llama-ts/durable');
  await checkWritable(path, { force: await isSession(path) });
}

/**
 * Writes a session so that its name never stands for half of one. Another session there is replaced.
 *
 * @returns bytes written
 * @throws ToolkitError `OUTPUT_EXISTS` for a file that is no session, and what createDurableFile throws
 */
export async function saveSession(model: Model, session: Session, path: string): Promise<number> {
  const { createDurableFile } = await import('@llama-ts/durable');
  const file = await createDurableFile(path, { force: await isSession(path), mode: PRIVATE_FILE });
  try {
    const byteLength = await writeSession(model, session, file);
    await file.commit(byteLength);
    return byteLength;
  } finally {
    await file.discard();
  }
}

/** @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `LIMIT_EXCEEDED`, and what readSession throws */
export async function loadConversation(model: Model, path: string, options: LoadOptions): Promise<LoadedConversation> {
  const source = await openFile(path);
  try {
    if ((await firstByte(source)) !== '{') {
      return { type: 'session', session: await readSession(model, source, options) };
    }
    if (source.byteLength > MAX_TRANSCRIPT_BYTES) {
      throw new ToolkitError(
        'LIMIT_EXCEEDED',
        `${path}: ${source.byteLength} bytes, expected a transcript of at most ${MAX_TRANSCRIPT_BYTES}`,
      );
    }
    const text = decodeUtf8(await source.read(0, source.byteLength));
    return { type: 'transcript', messages: parseTranscript(text, path) };
  } finally {
    await source.close();
  }
}

async function firstByte(source: ByteSource): Promise<string> {
  return source.byteLength === 0 ? '' : String.fromCharCode((await source.read(0, 1))[0]!);
}

async function isSession(path: string): Promise<boolean> {
  const source = await openFile(path).catch(() => null);
  if (source === null) return false;
  try {
    if (source.byteLength < SESSION_MAGIC.length) return false;
    return Buffer.from(await source.read(0, SESSION_MAGIC.length)).toString('latin1') === SESSION_MAGIC;
  } finally {
    await source.close();
  }
}
