// Runs code that must fail.

import { strict as assert } from 'node:assert';
import { isToolkitError, type ToolkitErrorShape } from '@llama-ts/format';

/** The ToolkitError that `action` throws. */
export async function failureOf(action: () => unknown): Promise<ToolkitErrorShape> {
  try {
    await action();
  } catch (error) {
    // By its shape: the emulated kernels are run from the sources, whose class is another than the bundle's.
    assert.ok(isToolkitError(error), `expected a ToolkitError, got ${error}`);
    return error;
  }
  return assert.fail('expected an error');
}

/** Fails unless `action` throws an error of this code. */
export async function assertFails(code: string, action: () => unknown): Promise<void> {
  assert.equal((await failureOf(action)).code, code);
}
