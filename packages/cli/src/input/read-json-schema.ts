// Reads the file of a JSON schema.

import { ToolkitError } from '@llama-ts/base';
import { readTextFile } from './read-text-file.js';

/** @throws ToolkitError `FILE_NOT_FOUND`, `LIMIT_EXCEEDED`, `BAD_TEXT`, `BAD_SCHEMA` */
export async function readJsonSchema(path: string): Promise<unknown> {
  const text = await readTextFile(path, 'write a shorter schema, whose repeated parts are under $defs');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ToolkitError('BAD_SCHEMA', `${path}: no JSON (${(cause as Error).message}), expected a JSON schema`, {
      suggestions: ['write it as JSON, with every name in double quotes, then run the same command again'],
      cause,
    });
  }
}
