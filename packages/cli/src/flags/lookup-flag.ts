// The flag that drafts tokens by prompt lookup, and how the drafts went, in words.

import type { SpeculationReport } from '@llama-ts/runtime';
import { Flags } from '@oclif/core';

export const lookupFlag = {
  lookup: Flags.boolean({
    description: 'draft tokens from what the text repeats: the same answer, faster where it does; default no',
    allowNo: true,
  }),
};

/** `; drafted 40 tokens, 30 accepted (75 %)`; nothing without drafting. */
export function lookupWords(report: SpeculationReport | undefined): string {
  if (report === undefined) return '';
  const { nDrafted, nAccepted } = report;
  const share = nDrafted === 0 ? '' : ` (${Math.round((100 * nAccepted) / nDrafted)} %)`;
  return `; drafted ${nDrafted} tokens, ${nAccepted} accepted${share}`;
}
