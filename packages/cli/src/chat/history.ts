// The lines typed in earlier chats, for the arrow keys. A convenience: where it cannot be kept, chat goes on without.

import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PRIVATE_FILE, PRIVATE_FOLDER } from './state-folder.js';

/** Lines that are kept. */
export const MAX_HISTORY = 1000;

/** A file of history. */
export interface History {
  /** Newest first, as readline wants them. */
  readonly lines: readonly string[];
  add(line: string): Promise<void>;
}

/** Reads a file of history, and shortens one that has grown to twice what is kept. */
export async function openHistory(path: string): Promise<History> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = text.split('\n').filter((line) => line !== '');
  const kept = lines.slice(-MAX_HISTORY);
  if (lines.length >= 2 * MAX_HISTORY) {
    await writeFile(path, `${kept.join('\n')}\n`, { mode: PRIVATE_FILE }).catch(() => undefined);
  }
  return {
    lines: kept.reverse(),
    async add(line) {
      if (line.trim() === '') return;
      try {
        await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
        await appendFile(path, `${line}\n`, { mode: PRIVATE_FILE });
      } catch {
        // A folder that cannot be written costs the history only.
      }
    },
  };
}
