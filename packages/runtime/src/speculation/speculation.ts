// Lossless speculation: drafts of the next tokens, which a pass computes along and the answer's own choice confirms.

import type { BackendName } from '@llama-ts/kernels';
import { isPlainObject, type OptionKind } from '../check-options.js';
import { createDraftPolicy } from './draft-policy.js';
import { createPromptLookup } from './prompt-lookup.js';

/** Options of speculation. */
export interface SpeculateOptions {
  /**
   * What each further row adds to a pass over one, in such passes, 0 or more; default what is known of the backend.
   * Decides how much is drafted, never what is said.
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

/** How speculation went. */
export interface SpeculationReport {
  readonly nDrafted: number;
  /** Drafted tokens that came true. */
  readonly nAccepted: number;
}

/** The drafts of one sequence. */
export interface Speculation {
  readonly report: SpeculationReport;
  /** Tokens that may follow, at most `maxTokens`, for a pass that `nTogether` sequences share. */
  draft(maxTokens: number, nTogether: number): readonly number[];
  /** Tells what a pass said, and how many of its drafted tokens came true. */
  record(said: readonly number[], drafted: SpeculationReport, nTogether: number): void;
}

/**
 * Measured on a model of the 1B shape in Q8_0 with two threads, passes of 1 to 24 rows: kernels of AVX-512 read the weights
 * once for all rows, and that is most of a pass. With AVX2 the second row costs more than those that follow; with the
 * generic and WebAssembly kernels it costs more than a pass. NEON is not measured.
 */
const rowCosts: Readonly<Record<BackendName, number>> = {
  avx512vnni: 0.09,
  avx512: 0.15,
  avx2: 0.4,
  neon: 0.25,
  generic: 1,
  wasm: 1,
  reference: 1,
};

/** Speculation for a prompt as `speculate` asks for it; null for none. */
export function createSpeculation(
  speculate: boolean | SpeculateOptions | undefined,
  promptTokens: readonly number[],
  backend: BackendName,
): Speculation | null {
  if (speculate === undefined || speculate === false) return null;
  const { rowCost = rowCosts[backend] } = speculate === true ? {} : speculate;
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
