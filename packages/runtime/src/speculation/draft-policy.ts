// How many tokens to draft, so that drafts save more than they cost.
//
// A drafted token is worth its row while the chance that it and all before it are right, times the pass that it then
// saves, exceeds the cost of the row. The chance is learned, separately for short and long matches: one token that
// occurred before says little, ten in a row say that a text is being copied.
//
// It counts and never measures time, so that the same text is drafted the same way everywhere. A pass over one row is the
// unit: each further row costs a part of it, and each draft that is right saves a pass.

/** Together with the row of the last token these are 24 rows, at which a row costs least. */
const MAX_LENGTH = 23;
/** Matches of 1, 2 and 3 tokens are counted separately, longer ones by powers of 2 up to this. */
const LONGEST_MATCH = 16;
/** How many drafted tokens the initial chance counts as. */
const PRIOR_WEIGHT = 2;
/** Weight of the older drafts after each new one: texts change. */
const MEMORY = 0.98;
/** Passes that drafts may cost before one is right. */
const INITIAL_CREDIT = 0.5;
/** Passes that drafts may cost per token: a text that never repeats loses at most 1 % of its speed. */
const CREDIT_PER_TOKEN = 0.01;
/** Saved passes that drafts may cost again: enough for the longest draft, not for a long run of wrong ones. */
const MAX_SAVED = 2;

/** A draft and its result. */
export interface DraftOutcome {
  readonly nDrafted: number;
  readonly nAccepted: number;
  /** Length of the match: tokens before the draft that also precede its source; 0 without a draft. */
  readonly matchLength: number;
}

/** Decides on drafts of one sequence; `nTogether` sequences share the pass. */
export interface DraftPolicy {
  /** Tokens of the next draft at most; 0 where a draft is not worth its cost. */
  maxLength(matchLength: number, nTogether: number): number;
  /** A pass is done, with a draft or without. */
  record(outcome: DraftOutcome, nTogether: number): void;
}

/** Drafted tokens that were tried, and those that were right; the newest weigh most. */
interface Experience {
  nTried: number;
  nTrue: number;
}

/** @param rowCost what a row adds to a pass, in passes over one row */
export function createDraftPolicy(rowCost: number): DraftPolicy {
  const experiences = new Map<number, Experience>();
  let loss = 0;
  let credit = INITIAL_CREDIT;

  return {
    maxLength(matchLength, nTogether) {
      const { nTried, nTrue } = experienceOf(matchLength);
      const affordable = rowCost === 0 ? MAX_LENGTH : Math.floor(Math.max(0, credit - loss) / rowCost);
      const most = Math.min(MAX_LENGTH, affordable);
      const chance = nTrue / nTried;
      let length = 0;
      let worth = saving(nTogether) * chance;
      while (length < most && worth > rowCost) {
        length++;
        worth *= chance;
      }
      return length;
    },
    record({ nDrafted, nAccepted, matchLength }, nTogether) {
      credit += CREDIT_PER_TOKEN * (nAccepted + 1);
      if (nDrafted === 0) return;
      loss = Math.max(-MAX_SAVED, loss + rowCost * nDrafted - saving(nTogether) * nAccepted);
      const experience = experienceOf(matchLength);
      experience.nTried = MEMORY * experience.nTried + Math.min(nAccepted + 1, nDrafted);
      experience.nTrue = MEMORY * experience.nTrue + nAccepted;
    },
  };

  /** Before any draft the chance of a match of n tokens is n / (n + 1). */
  function experienceOf(matchLength: number): Experience {
    const length = matchLength < 4 ? matchLength : Math.min(LONGEST_MATCH, 2 ** (31 - Math.clz32(matchLength)));
    let experience = experiences.get(length);
    if (experience === undefined) {
      experience = { nTried: PRIOR_WEIGHT, nTrue: (PRIOR_WEIGHT * length) / (length + 1) };
      experiences.set(length, experience);
    }
    return experience;
  }

  /** Passes that one token less saves: its share of a pass over `nTogether` rows. */
  function saving(nTogether: number): number {
    return (1 + rowCost * (nTogether - 1)) / nTogether;
  }
}
