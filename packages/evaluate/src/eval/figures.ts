// The figures of an evaluation that bounds may be set on.

import type { Figures } from '../gate.js';
import type { Evaluation } from './evaluate-text.js';

/** Names of the figures; all but the first need a baseline. */
export const evalFigureNames = [
  'ppl',
  'ppl-ratio',
  'kl',
  'kl-median',
  'kl-p95',
  'kl-p999',
  'kl-max',
  'agreement',
  'greedy-tokens',
] as const;

/** An evaluation as figures: perplexity, its ratio, KL divergences in nats, the share of equal top tokens. */
export function evalFigures({ perplexity, divergence }: Evaluation): Figures {
  const ppl = perplexity.value;
  if (divergence === null) return { ppl };
  const { perplexityRatio, kl, topAgreement, greedy } = divergence;
  return {
    ppl,
    'ppl-ratio': perplexityRatio.value,
    kl: kl.mean.value,
    'kl-median': kl.median,
    'kl-p95': kl.p95,
    'kl-p999': kl.p999,
    'kl-max': kl.max,
    agreement: topAgreement.value,
    'greedy-tokens': greedy.nSameTokens,
  };
}
