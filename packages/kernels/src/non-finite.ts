// The error of a pass with NaN or an infinity, in the same words for every backend.

import { ToolkitError } from '@llama-ts/base';
/** @see docs/arithmetic.md, "Finite passes" */
export function nonFiniteError(): ToolkitError {
  return new ToolkitError('NON_FINITE', 'forward pass: found NaN or an infinity, expected finite numbers');
}
