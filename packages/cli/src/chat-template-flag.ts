// The flag that gives a model a chat template.

import { stat } from 'node:fs/promises';
import { ToolkitError } from '@llama-ts/format';
import { LLAMA3_CHAT_TEMPLATE } from '@llama-ts/runtime';
import { Flags } from '@oclif/core';
import { readTextFile } from './read-text-file.js';

/** Stands for the template of {@link LLAMA3_CHAT_TEMPLATE}, unless there is a file of this name. */
const BUILT_IN = 'llama3';
/** Real templates take under 20 kB. */
const MAX_BYTES = 1024 * 1024;

export const chatTemplateFlag = {
  'chat-template': Flags.string({
    description: "file of a chat template in Jinja, in place of the model's; llama3 for the usual one of Llama 3",
  }),
};

/**
 * The template that the flag names; undefined without it.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `LIMIT_EXCEEDED`, `BAD_TEXT`
 */
export async function readChatTemplate(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const found = await stat(path).catch(() => null);
  if (found === null && path === BUILT_IN) return LLAMA3_CHAT_TEMPLATE;
  if (found === null || !found.isFile()) {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: no such file of a chat template`, {
      suggestions: [`the usual template of Llama 3: --chat-template ${BUILT_IN}`],
    });
  }
  if (found.size > MAX_BYTES) {
    throw new ToolkitError('LIMIT_EXCEEDED', `${path}: ${found.size} bytes, expected at most ${MAX_BYTES}`, {
      suggestions: [`the usual template of Llama 3: --chat-template ${BUILT_IN}`],
    });
  }
  return readTextFile(path);
}
