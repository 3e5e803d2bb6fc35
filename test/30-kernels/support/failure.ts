// Runs code that must fail.

import { strict as assert } from 'node:assert';
import { ToolkitError } from '@llama-ts/kernels';

/** The ToolkitError that `action` throws. */
export async function failureOf(action: () => unknown): Promise<ToolkitError> {
  try {
    await action();
  } catch (error) {
    assert.ok(error instanceof ToolkitError, `expected a ToolkitError, got ${error}`);
    return error;
  }
  return assert.fail('expected an error');
}

/** Fails unless `action` throws an error of this code. */
export async function assertFails(code: string, action: () => unknown): Promise<void> {
  assert.equal((await failureOf(action)).code, code);
}
