// Reads a text a model is evaluated on.

import { readFile, stat } from 'node:fs/promises';
import { shellQuote, ToolkitError } from '@llama-ts/format';

/** Longer texts than anybody waits for, and shorter than the longest string. */
const MAX_BYTES = 256 * 1024 * 1024;

/** @throws ToolkitError `FILE_NOT_FOUND`, `LIMIT_EXCEEDED`, `BAD_TEXT` for bytes that are not UTF-8 */
export async function readTextFile(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such text file`);
  if (found.size > MAX_BYTES) {
    throw new ToolkitError('LIMIT_EXCEEDED', `${path}: ${found.size} bytes, expected at most ${MAX_BYTES}`, {
      suggestions: [`take a part of it instead: head -c 1000000 ${shellQuote(path)} > part.txt`],
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(path));
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new ToolkitError('BAD_TEXT', `${path}: bytes that are not UTF-8, expected text`, {
      suggestions: [`convert it, and take that instead: iconv -f LATIN1 -t UTF-8 ${shellQuote(path)} > text.txt`],
      cause,
    });
  }
}
