// A conversation as it happens, in a file that survives a crash: a line of JSON a message, synced.
//
//   {"transcript": 1, "model": NAME}   a conversation begins
//   {"message": {…}}                   a message is added
//   {"messages": [{…}, …]}             others take the place of all: after /undo, /edit, /load, …

import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ToolkitError } from '@llama-ts/format';
import type { ChatMessage } from '@llama-ts/runtime';
import { PRIVATE_FILE, PRIVATE_FOLDER } from './state-folder.js';

/** A transcript that is being written. */
export interface Transcript {
  readonly path: string;
  /** Brings the file up to date with the conversation. @throws ToolkitError `FILE_UNWRITABLE` */
  record(messages: readonly ChatMessage[]): Promise<void>;
  close(): Promise<void>;
}

const VERSION = 1;

/** A transcript at the end of a file, which is made when there is something to record. */
export function createTranscript(path: string, model: string): Transcript {
  let file: FileHandle | null = null;
  let recorded: string[] = [];

  async function append(lines: readonly unknown[]): Promise<void> {
    try {
      if (file === null) {
        await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
        file = await open(path, 'a', PRIVATE_FILE);
        lines = [{ transcript: VERSION, model }, ...lines];
      }
      await file.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      await file.sync();
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new ToolkitError('FILE_UNWRITABLE', `${path}: the transcript cannot be written (${code})`, {
        suggestions: ['name another: --transcript FILE', 'go without: --no-transcript'],
        cause,
      });
    }
  }

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
      await file?.close();
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
