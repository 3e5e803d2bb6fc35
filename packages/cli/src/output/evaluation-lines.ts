// An evaluation in words: a table for people.

import type { Estimate, Evaluation, TokenInContext } from '@llama-ts/evaluate';
import { labelledRow } from '../terminal/labelled-row.js';
import { visible } from '../terminal/terminal-safe.js';

/** Worst tokens shown; `--json` has more. */
const N_WORST = 5;
const LABEL_WIDTH = 22;

/** Lines of the report, of at most `columns` columns. */
export function evaluationLines(evaluation: Evaluation, columns: number): string[] {
  const row = (label: string, text: string): string =>
    labelledRow(label, visible(text), { labelWidth: LABEL_WIDTH, columns });
  const { nTokens, nWindows, window, stride, perplexity, divergence, worst } = evaluation;
  const plural = nWindows === 1 ? '' : 's';
  const lines = [
    row('text', `${nTokens} tokens in ${nWindows} window${plural} of ${window}, stride ${stride}`),
    row('perplexity', estimate(perplexity)),
  ];
  if (divergence !== null) {
    const { baselinePerplexity, perplexityRatio, kl, topAgreement, greedy, firstDisagreement } = divergence;
    const first = firstDisagreement === null ? '' : `; the first other one at token ${firstDisagreement}`;
    lines.push(
      row('baseline', estimate(baselinePerplexity)),
      row('ratio', estimate(perplexityRatio)),
      row('KL divergence', `${estimate(kl.mean)} nats on average`),
      row('', `median ${short(kl.median)}, 95 % ${short(kl.p95)}, 99.9 % ${short(kl.p999)}, max ${short(kl.max)}`),
      row('same top token', `${(100 * topAgreement.value).toFixed(2)} %${first}`),
      row('greedy decoding', greedyWords(greedy)),
    );
  }
  return [
    ...lines,
    row('worst tokens', worstWords(worst[0]!)),
    ...worst.slice(1, N_WORST).map((w) => row('', worstWords(w))),
  ];
}

function greedyWords({
  nPromptTokens,
  nSameTokens,
  departure,
}: NonNullable<Evaluation['divergence']>['greedy']): string {
  const prompt = `after ${nPromptTokens} tokens of the text`;
  if (departure === null) return `the same to the end, ${nSameTokens} tokens ${prompt}`;
  const { token, baselineToken } = departure;
  return `departs at token ${nSameTokens} ${prompt}: ${quote(token)}, the baseline ${quote(baselineToken)}`;
}

function worstWords({ index, before, token, nll, top, baseline }: TokenInContext): string {
  const found = baseline === null ? `nll ${short(nll)}` : `KL ${short(baseline.kl)}`;
  const expected = baseline === null ? quote(top) : `${quote(top)}, the baseline ${quote(baseline.top)}`;
  return `${index}: ${found}  ${quote(`${before}[${token}]`)} where the model expected ${expected}`;
}

/** Two digits of the error and the value to the same place, or to the fourth: models differ where the error does not reach. */
function estimate({ value, standardError }: Estimate): string {
  if (standardError === 0) return short(value);
  const digits = Math.min(12, Math.max(4, 1 - Math.floor(Math.log10(standardError))));
  return `${value.toFixed(digits)} ± ${standardError.toFixed(digits)}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** A text as one line, also one with line ends. */
function quote(text: string): string {
  return JSON.stringify(text);
}
