// Lossless speculation: one pass computes drafts of the next tokens too, and keeps those that the answer itself chooses.

import { isPlainObject, type OptionKind } from '../options/check-options.js';
import { createDraftPolicy } from './draft-policy.js';
import { createPromptLookup } from './prompt-lookup.js';

/** Options of speculation. */
export interface SpeculateOptions {
  /**
   * What each further row adds to a pass over one, in such passes, 0 or more; default as measured for the backend.
   * Decides how much is drafted, never the answer.
   */
  readonly rowCost?: number | undefined;
}

/** Kind of the option `speculate`. */
export const aSpeculation: OptionKind = {
  expected: 'true, false or { rowCost: a number from 0 }',
  accepts: (value) => typeof value === 'boolean' || (isPlainObject(value) && Object.entries(value).every(isRowCost)),
};

function isRowCost([name, value]: readonly [string, unknown]): boolean {
  return name === 'rowCost' && (value === undefined || (typeof value === 'number' && value >= 0));
}

/** How well speculation worked. */
export interface SpeculationReport {
  /** Tokens that were drafted. */
  readonly nDrafted: number;
  /** Drafted tokens that were right. */
  readonly nAccepted: number;
}

/** The drafts of one sequence. */
export interface Speculation {
  readonly report: SpeculationReport;
  /** A draft of at most `maxTokens` tokens, for a pass that `nTogether` sequences share. */
  draft(maxTokens: number, nTogether: number): readonly number[];
  /** Takes the tokens that a pass chose, and how many of its drafted ones were right. */
  record(said: readonly number[], drafted: SpeculationReport, nTogether: number): void;
}

/** Speculation for a prompt as the option says; null for none. @param rowCostOfKernels of `Kernels` */
export function createSpeculation(
  speculate: boolean | SpeculateOptions | undefined,
  promptTokens: readonly number[],
  rowCostOfKernels: number,
): Speculation | null {
  if (speculate === undefined || speculate === false) return null;
  const { rowCost = rowCostOfKernels } = speculate === true ? {} : speculate;
  const lookup = createPromptLookup(promptTokens);
  const policy = createDraftPolicy(rowCost);
  let report: SpeculationReport = { nDrafted: 0, nAccepted: 0 };
  let matchLength = 0; // of the last draft

  return {
    get report() {
      return report;
    },
    draft(maxTokens, nTogether) {
      matchLength = lookup.matchLength;
      return matchLength === 0 ? [] : lookup.draft(Math.min(maxTokens, policy.maxLength(matchLength, nTogether)));
    },
    record(said, { nDrafted, nAccepted }, nTogether) {
      for (const token of said) lookup.push(token);
      report = { nDrafted: report.nDrafted + nDrafted, nAccepted: report.nAccepted + nAccepted };
      policy.record({ nDrafted, nAccepted, matchLength }, nTogether);
    },
  };
}
