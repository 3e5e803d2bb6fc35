// Runs code that must fail.

import { strict as assert } from 'node:assert';
import { failureOf } from '../../helpers/failure.js';

export { failureOf };

/** Fails unless `action` throws an error of this code. */
export async function assertFails(code: string, action: () => unknown): Promise<void> {
  assert.equal((await failureOf(action)).code, code);
}
