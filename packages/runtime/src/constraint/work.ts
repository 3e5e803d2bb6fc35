// How much a constraint may cost to compile: counted, not timed, so that an input ends the same way on a busy machine. Turns are
// counted likewise.

import { ToolkitError } from '@llama-ts/base';

/** The purpose of work: an error names the one that took the most. */
export type Purpose = 'patterns' | 'constants' | 'alternatives';

/** The work that one constraint may still do. */
export interface WorkBudget {
  /** Counts elementary steps, by default those of patterns. @throws ToolkitError `LIMIT_EXCEEDED` */
  spend(steps: number, purpose?: Purpose): void;
  /** Counts bytes that stay allocated until the constraint is compiled. @throws ToolkitError `LIMIT_EXCEEDED` */
  keep(bytes: number, purpose?: Purpose): void;
  /** Whether a turn's steps were counted since it last said so. */
  isTurnOver(): boolean;
}

/** A second or less, and less than two on a busy machine: 50 to 200 ns a step. */
const MAX_STEPS = 12_000_000;
/** A third, about, of what the process takes at most. */
const MAX_BYTES = 48_000_000;
/** Some ten milliseconds. */
const TURN_STEPS = 100_000;

const remedies: Readonly<Record<Purpose, string>> = {
  patterns: 'take smaller counts: maxLength together with a pattern, or {min,max} within it',
  constants: 'take fewer and shorter constants, or a pattern that describes them',
  alternatives: 'take fewer alternatives: allOf of several anyOf multiplies them',
};

/** Work that yields where other work may have its turn: what it returns does not depend on that. */
export type Turns<Result> = Generator<void, Result, void>;

/** Does such work at one go. */
export function atOnce<Result>(turns: Turns<Result>): Result {
  for (;;) {
    const { done, value } = turns.next();
    if (done === true) return value;
  }
}

/** @param subject what the error names: `pattern`, `schema` */
export function createWork(subject = 'constraint'): WorkBudget {
  const steps = counter(MAX_STEPS, `${subject}: takes more than ${MAX_STEPS} steps to compile`);
  const bytes = counter(MAX_BYTES, `${subject}: takes more than ${MAX_BYTES / 1e6} MB to compile`);
  let turnSteps = 0;
  return {
    spend(n, purpose) {
      turnSteps += n;
      steps(n, purpose);
    },
    keep: bytes,
    isTurnOver() {
      if (turnSteps < TURN_STEPS) return false;
      turnSteps = 0;
      return true;
    },
  };
}

function counter(max: number, problem: string): WorkBudget['spend'] {
  const counts: Record<Purpose, number> = { patterns: 0, constants: 0, alternatives: 0 };
  let sum = 0;
  return (n, purpose = 'patterns') => {
    counts[purpose] += n;
    sum += n;
    if (sum <= max) return;
    const [most] = (Object.keys(counts) as Purpose[]).sort((a, b) => counts[b] - counts[a]);
    throw new ToolkitError('LIMIT_EXCEEDED', `${problem}, expected fewer`, {
      suggestions: [remedies[most!]],
    });
  };
}
