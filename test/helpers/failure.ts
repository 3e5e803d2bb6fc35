// Work that must fail with a ToolkitError.

import { strict as assert } from 'node:assert';
import { isToolkitError, type ToolkitError } from '@llama-ts/base';

/**
 * The error of `action`, which throws or rejects. Fails when it does neither, when the error is another one, and when its message
 * holds control characters.
 */
export async function failureOf(action: () => unknown): Promise<ToolkitError> {
  try {
    await action();
  } catch (error) {
    assert.ok(isToolkitError(error), `expected a ToolkitError, got ${error instanceof Error ? error.stack : error}`);
    assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f-\u009f]/);
    return error;
  }
  return assert.fail('expected an error');
}

/** The message of the error of `work`, which must have this code and suggest something. */
export async function failsWith(code: string, work: Promise<unknown>): Promise<string> {
  const error = await failureOf(() => work);
  assert.equal(error.code, code, error.message);
  assert.ok(error.suggestions.length > 0, `${code} without a suggestion`);
  return error.message;
}
