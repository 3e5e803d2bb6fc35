// The keys that let requests in. They are never shown, in errors neither.

import { readFile, stat } from 'node:fs/promises';
import { reasonOf, ToolkitError } from '@llama-ts/base';

/** Thousands of keys. */
const MAX_BYTES = 1024 * 1024;
/** What a header may hold without quotes or spaces. */
const KEY = /^[\x21-\x7e]+$/;

/**
 * Keys of a file, one a line, or the one of the environment; none where neither is given.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `LIMIT_EXCEEDED`, `FILE_UNREADABLE`; `USAGE` for a file without a key, and for a key
 *   that no header can hold
 */
export async function readApiKeys(path: string | undefined, environmentKey: string | undefined): Promise<string[]> {
  if (path === undefined) {
    return environmentKey === undefined || environmentKey === '' ? [] : [checked(environmentKey, 'LLAMA_API_KEY')];
  }
  const found = await stat(path).catch(() => null);
  if (found === null) throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such file of keys`);
  if (found.size > MAX_BYTES) {
    throw new ToolkitError('LIMIT_EXCEEDED', `${path}: ${found.size} bytes, expected keys in at most ${MAX_BYTES}`);
  }
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new ToolkitError('FILE_UNREADABLE', `${path}: cannot be read: ${reasonOf(cause)}`, { cause });
  });
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.flatMap((line, i) => (line === '' ? [] : [checked(line, `${path}, line ${i + 1}`)]));
  if (keys.length > 0) return keys;
  throw new ToolkitError('USAGE', `${path}: no key, expected one a line`);
}

function checked(key: string, where: string): string {
  if (KEY.test(key)) return key;
  throw new ToolkitError('USAGE', `${where}: a key with spaces or letters beyond ASCII, which no header can hold`);
}
