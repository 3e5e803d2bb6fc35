// The lines typed in earlier chats, for the arrow keys. A file that cannot be read or written ends no chat.

import { dirname } from 'node:path';
import { PRIVATE_FILE, PRIVATE_FOLDER } from './state-folder.js';

/** Lines that are kept. */
const MAX_HISTORY = 1000;
/** Longest file that is read. */
const MAX_BYTES = 16 * 1024 * 1024;

/** A file of history. */
export interface History {
  /** Newest first, as readline wants them. */
  readonly lines: readonly string[];
  add(line: string): Promise<void>;
}

/** Reads a file of history, and shortens one that has grown to twice what is kept. */
export async function openHistory(path: string): Promise<History> {
  const { FILE_LAYER, makeFolder, openOwnAppendFile } = await import('@llama-ts/durable');
  const lines = (await readOwn(path).catch(() => '')).split('\n').filter((line) => line !== '');
  const kept = lines.slice(-MAX_HISTORY);
  if (lines.length >= 2 * MAX_HISTORY) await replace(path, kept).catch(() => undefined);
  return {
    lines: kept.reverse(),
    async add(line) {
      if (line.trim() === '') return;
      try {
        await makeFolder(FILE_LAYER, dirname(path), PRIVATE_FOLDER);
        const file = await openOwnAppendFile(FILE_LAYER, path, PRIVATE_FILE);
        await file.appendFile(`${line}\n`).finally(() => file.close());
      } catch {
        // A folder that cannot be written costs the history only.
      }
    },
  };
}

/** The content of a history file; empty if the file does not exist or belongs to another user. */
async function readOwn(path: string): Promise<string> {
  const { FILE_LAYER, openOwnFile } = await import('@llama-ts/durable');
  const file = await openOwnFile(FILE_LAYER, path, { readOnly: true });
  if (file === null) return '';
  try {
    return (await file.stat()).size > MAX_BYTES ? '' : await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function replace(path: string, lines: readonly string[]): Promise<void> {
  const { createDurableFile } = await import('@llama-ts/durable');
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  const file = await createDurableFile(path, { force: true, mode: PRIVATE_FILE });
  try {
    await file.writeAt(bytes, 0);
    await file.commit(bytes.byteLength);
  } finally {
    await file.discard();
  }
}
