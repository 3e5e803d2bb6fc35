// How much a constraint may cost to compile: counted, not timed, so that an input ends the same way on a busy machine.

import { ToolkitError } from '@llama-ts/format';

/** What is left to spend on one constraint. */
export interface Work {
  /** Counts elementary steps. @throws ToolkitError `LIMIT_EXCEEDED` */
  spend(steps: number): void;
  /** Counts bytes that stay allocated until the constraint is compiled. @throws ToolkitError `LIMIT_EXCEEDED` */
  keep(bytes: number): void;
}

/** A second or less: 50 to 100 ns a step. */
const MAX_STEPS = 20_000_000;
/** A third, about, of what the process takes at most. */
const MAX_BYTES = 48_000_000;

const suggestions = [
  'take fewer alternatives: allOf of several anyOf multiplies them',
  'take smaller counts: maxLength together with a pattern, or {min,max} within it',
];

/** @param subject what the error names: `pattern`, `schema` */
export function createWork(subject = 'constraint'): Work {
  let nSteps = 0;
  let nBytes = 0;
  return {
    spend(steps) {
      nSteps += steps;
      if (nSteps <= MAX_STEPS) return;
      throw new ToolkitError(
        'LIMIT_EXCEEDED',
        `${subject}: takes more than ${MAX_STEPS} steps to compile, expected at most so many`,
        { suggestions },
      );
    },
    keep(bytes) {
      nBytes += bytes;
      if (nBytes <= MAX_BYTES) return;
      throw new ToolkitError(
        'LIMIT_EXCEEDED',
        `${subject}: takes more than ${MAX_BYTES / 1e6} MB to compile, expected at most so many`,
        { suggestions },
      );
    },
  };
}
