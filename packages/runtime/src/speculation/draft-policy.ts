// How many tokens to draft, so that what drafts save exceeds what they cost.
//
// A drafted token is worth its row for as long as the chance that it comes true, and all before it, times the pass that
// it then saves exceeds what the row costs. The chance is learned, apart for short and long matches: one token that was
// there before says little, ten in a row say that a text is being copied.
//
// It counts and never measures time: the same text is drafted the same way everywhere. A pass over one row is the unit;
// each further row costs a part of it, and each draft that comes true saves a pass.

/** With the row of the last token 24, of which each costs less than of fewer or more. */
const MAX_LENGTH = 23;
/** Matches are told apart as 1, 2 and 3 tokens, and from there by powers of 2 up to this. */
const LONGEST_MATCH = 16;
/** Drafted tokens that the chance before any counts as. */
const PRIOR_WEIGHT = 2;
/** What older drafts weigh against the newest, draft by draft: a text changes its ways. */
const MEMORY = 0.98;
/** Passes that drafts may lose before any was right. */
const INITIAL_CREDIT = 0.5;
/** Passes that drafts may lose for each token: keeps a text that never repeats within 1 % of its speed. */
const CREDIT_PER_TOKEN = 0.01;
/** Passes saved that may be lost again: enough for the longest draft, not for a long run of wrong ones. */
const MAX_SAVED = 2;

/** A draft and what became of it. */
export interface DraftOutcome {
  readonly nDrafted: number;
  readonly nAccepted: number;
  /** Tokens that stood before the drafted ones as they stand before the draft; 0 without a draft. */
  readonly matchLength: number;
}

/** Decides on drafts of one sequence, `nTogether` of which share the pass. */
export interface DraftPolicy {
  /** Tokens that the next draft may have; 0 where drafts do not pay. */
  maxLength(matchLength: number, nTogether: number): number;
  /** A pass is done, with a draft or without. */
  record(outcome: DraftOutcome, nTogether: number): void;
}

/** Drafted tokens that were tried, and those that came true; the newest weigh most. */
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

  /** Before any draft: of as many tokens as match and one more, one is wrong. */
  function experienceOf(matchLength: number): Experience {
    const length = matchLength < 4 ? matchLength : Math.min(LONGEST_MATCH, 2 ** (31 - Math.clz32(matchLength)));
    let experience = experiences.get(length);
    if (experience === undefined) {
      experience = { nTried: PRIOR_WEIGHT, nTrue: (PRIOR_WEIGHT * length) / (length + 1) };
      experiences.set(length, experience);
    }
    return experience;
  }

  /** Passes that a token less to compute saves: its share of a pass over `nTogether` rows. */
  function saving(nTogether: number): number {
    return (1 + rowCost * (nTogether - 1)) / nTogether;
  }
}
