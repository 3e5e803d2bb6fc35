// Reads a file of text: one to evaluate a model on, prompts, a JSON schema, a chat template.

import { readFile, stat } from 'node:fs/promises';
import { shellQuote, ToolkitError } from '@llama-ts/base';
import { nearSuggestions } from '../sources/near-files.js';

/** Larger than any useful text, smaller than V8's longest string. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * @param whenTooLong suggests what to take in place of a file that is too long
 * @throws ToolkitError `FILE_NOT_FOUND`, `LIMIT_EXCEEDED`, `BAD_TEXT` for bytes that are not UTF-8
 */
export async function readTextFile(path: string, whenTooLong: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such text file`, {
      suggestions: await nearSuggestions(path),
    });
  }
  if (found.size > MAX_BYTES) {
    throw new ToolkitError('LIMIT_EXCEEDED', `${path}: ${found.size} bytes, expected at most ${MAX_BYTES}`, {
      suggestions: [whenTooLong],
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
