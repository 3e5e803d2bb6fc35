// The error of a constraint under which one text can be read in too many ways at once.

import { ToolkitError } from '@llama-ts/base';

/** @param problem what was too much, and how much is expected at most */
export function tooAmbiguous(problem: string): ToolkitError {
  return new ToolkitError('LIMIT_EXCEEDED', `constraint: ${problem}`, {
    suggestions: ['take alternatives that differ early, such as by a constant in their first property'],
  });
}
