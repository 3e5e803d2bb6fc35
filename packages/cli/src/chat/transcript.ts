// A conversation as it happens, in a file that survives a crash: a line of JSON a message, synced.
//
//   {"transcript": 1, "model": NAME}   a conversation begins
//   {"message": {…}}                   a message is added
//   {"messages": [{…}, …]}             others take the place of all: after /undo, /edit, /load, …

import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ToolkitError } from '@llama-ts/base';
import type { ChatMessage } from '@llama-ts/runtime';
import { PRIVATE_FILE, PRIVATE_FOLDER } from './state-folder.js';

/** A transcript that is being written. */
export interface Transcript {
  readonly path: string;
  /** Brings the file up to date with the conversation. @throws ToolkitError `DISK_FULL`, `FILE_UNWRITABLE` */
  record(messages: readonly ChatMessage[]): Promise<void>;
  /** Removes the file again where nothing was recorded. */
  close(): Promise<void>;
}

const VERSION = 1;

/**
 * Opens a transcript at the end of a file of the user's own, which is made if need be: whether it can be written is known
 * before anything is said. Links are not followed, and only the user may read it.
 *
 * @throws ToolkitError `DISK_FULL`, `FILE_UNWRITABLE`
 */
export async function openTranscript(path: string, model: string): Promise<Transcript> {
  const { describeFileFailure, FILE_LAYER, makeFolder, openOwnAppendFile } = await import('@llama-ts/durable');
  const others = ['record nothing: --no-transcript'];
  const described = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw describeFileFailure(error, {
        what: `${path}: the transcript cannot be written`,
        whenFull: ['free some space', ...others],
        readOnly: { code: 'FILE_UNWRITABLE', suggestions: others },
        other: { code: 'FILE_UNWRITABLE', suggestions: others },
      });
    }
  };
  const file = await described(async () => {
    await makeFolder(FILE_LAYER, dirname(path), PRIVATE_FOLDER);
    return openOwnAppendFile(FILE_LAYER, path, PRIVATE_FILE);
  });
  let isBegun = false;
  let recorded: string[] = [];

  const append = (lines: readonly unknown[]): Promise<void> =>
    described(async () => {
      const added = isBegun ? lines : [{ transcript: VERSION, model }, ...lines];
      isBegun = true;
      await file.appendFile(added.map((line) => `${JSON.stringify(line)}\n`).join(''));
      await file.sync();
    });

  return {
    path,
    async record(messages) {
      const now = messages.map((message) => JSON.stringify(message));
      const isContinued = recorded.every((text, i) => text === now[i]);
      if (isContinued && now.length === recorded.length) return;
      await append(isContinued ? messages.slice(recorded.length).map((message) => ({ message })) : [{ messages }]);
      recorded = now;
    },
    async close() {
      const { size } = await file.stat();
      await file.close();
      if (size === 0) await rm(path, { force: true });
    },
  };
}

/**
 * The messages of the last conversation in a transcript. A last line that a crash cut short is left out.
 *
 * @throws ToolkitError `BAD_SESSION`
 */
export function parseTranscript(text: string, name: string): readonly ChatMessage[] {
  const lines = text.split('\n').slice(0, -1);
  let messages: ChatMessage[] | null = null;
  for (const [i, line] of lines.entries()) {
    const entry = parseEntry(line);
    if (entry?.transcript === VERSION) messages = [];
    else if (messages !== null && isMessage(entry?.message)) messages.push(entry.message);
    else if (messages !== null && Array.isArray(entry?.messages) && entry.messages.every(isMessage)) {
      messages = [...entry.messages];
    } else throw badTranscript(`${name}: line ${i + 1} is no line of a transcript`);
  }
  if (messages === null) throw badTranscript(`${name}: is empty, expected a transcript`);
  return messages;
}

function parseEntry(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

function isMessage(value: unknown): value is ChatMessage {
  return typeof (value as ChatMessage | null)?.role === 'string';
}

function badTranscript(message: string): ToolkitError {
  return new ToolkitError('BAD_SESSION', message, {
    suggestions: ['name a session that /save wrote, or a transcript: /load FILE'],
  });
}
