// How many tokens to draft, so that what drafts save exceeds what they cost.
//
// It counts and never measures time: the same text is drafted the same way everywhere. A pass over one row is the unit;
// each further row costs a part of it, and each draft that comes true saves a pass.

/** Tokens drafted at first. */
const FIRST_LENGTH = 4;
/** Longer drafts save little more: 16 of them already make 17 tokens of one pass. */
const MAX_LENGTH = 16;
/** Passes that drafts may lose before any was right. */
const INITIAL_CREDIT = 0.5;
/** Passes that drafts may lose for each token: keeps a text that never repeats within 1 % of its speed. */
const CREDIT_PER_TOKEN = 0.01;
/** Passes saved that may be lost again: enough for the longest draft, not for a long run of wrong ones. */
const MAX_SAVED = 2;

/** Decides on drafts of one sequence, `nTogether` of which share the pass. */
export interface DraftPolicy {
  /** Tokens that the next draft may have; 0 where drafts do not pay. */
  maxLength(nTogether: number): number;
  /** A pass is done, with a draft or without. */
  record(nDrafted: number, nAccepted: number, nTogether: number): void;
}

/** @param rowCost what a row adds to a pass, in passes over one row */
export function createDraftPolicy(rowCost: number): DraftPolicy {
  let length = FIRST_LENGTH;
  let loss = 0;
  let credit = INITIAL_CREDIT;

  return {
    maxLength(nTogether) {
      // Even if all came true, a token's share of a shared pass may be less than its row as a draft.
      if (rowCost >= saving(nTogether)) return 0;
      return rowCost === 0 ? length : Math.max(0, Math.min(length, Math.floor((credit - loss) / rowCost)));
    },
    record(nDrafted, nAccepted, nTogether) {
      credit += CREDIT_PER_TOKEN * (nAccepted + 1);
      if (nDrafted === 0) return;
      loss = Math.max(-MAX_SAVED, loss + rowCost * nDrafted - saving(nTogether) * nAccepted);
      length = nAccepted === nDrafted ? Math.min(MAX_LENGTH, 2 * length) : Math.max(1, nAccepted + 1);
    },
  };

  /** Passes that a token less to compute saves: its share of a pass over `nTogether` rows. */
  function saving(nTogether: number): number {
    return (1 + rowCost * (nTogether - 1)) / nTogether;
  }
}
