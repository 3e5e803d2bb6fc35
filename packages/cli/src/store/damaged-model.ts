// The error of a file of the store that is no model any more: its name can be made again.

import { isToolkitError, shellWord, ToolkitError } from '@llama-ts/base';

/** Codes of a file whose header, length or trailer is not that of a model, which llama pull notices too. */
const damageCodes: readonly string[] = ['NOT_A_MODEL', 'BAD_VERSION', 'BAD_HEADER', 'BAD_LENGTH', 'BAD_TRAILER'];

/**
 * Says how to make a damaged model again; hands back every other error.
 *
 * @param typed the model's name as it was typed
 */
export function damagedModel(error: unknown, typed: string): unknown {
  if (!isToolkitError(error) || !damageCodes.includes(error.code)) return error;
  return new ToolkitError(error.code, error.message, {
    suggestions: [`make it again: llama pull ${shellWord(typed)}`],
    cause: error,
  });
}
