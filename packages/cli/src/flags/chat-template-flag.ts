// The flag that gives a model a chat template.

import { stat } from 'node:fs/promises';
import { ToolkitError } from '@llama-ts/base';
import { LLAMA3_CHAT_TEMPLATE } from '@llama-ts/runtime';
import { Flags } from '@oclif/core';
import { readTextFile } from '../input/read-text-file.js';
import { nearSuggestions } from '../sources/near-files.js';

/** Stands for the template of {@link LLAMA3_CHAT_TEMPLATE}, unless there is a file of this name. */
const BUILT_IN = 'llama3';
/** Real templates take under 20 kB. */
const MAX_BYTES = 1024 * 1024;

export const chatTemplateFlag = {
  'chat-template': Flags.string({
    description: "use the Jinja chat template of a file instead of the model's; llama3 for the usual one of Llama 3",
  }),
};

export const templateNameFlag = {
  'template-name': Flags.string({
    description: "which of the model's chat templates, such as tool_use; inspect lists them; default its default",
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
      suggestions: await nearSuggestions(path, [`the usual template of Llama 3: --chat-template ${BUILT_IN}`]),
    });
  }
  const usual = `the usual template of Llama 3: --chat-template ${BUILT_IN}`;
  if (found.size > MAX_BYTES) {
    throw new ToolkitError('LIMIT_EXCEEDED', `${path}: ${found.size} bytes, expected at most ${MAX_BYTES}`, {
      suggestions: [usual],
    });
  }
  return readTextFile(path, usual);
}
