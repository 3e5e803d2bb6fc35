// The error of a pass whose numbers left the finite range; one wording for every backend.
import { ToolkitError } from './toolkit-error.js';

/** @see docs/arithmetic.md, "Finite passes" */
export function nonFiniteError(): ToolkitError {
  return new ToolkitError('NON_FINITE', 'forward pass: found NaN or an infinity, expected finite numbers');
}
