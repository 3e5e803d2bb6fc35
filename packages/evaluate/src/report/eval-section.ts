// The results of an evaluation on a text, as a section of the report page.

import type { Divergence } from '../eval/scores.js';
import type { Estimate } from '../eval/statistics.js';
import { numberCell, table, text } from './html.js';
import { areaPlot, shortNumber } from './plot.js';
import { withError } from './with-error.js';

/** The part of an evaluation that the page shows: the shape of `llama eval --json`. */
export interface ReportEvaluation {
  readonly nTokens: number;
  readonly perplexity: Estimate;
  readonly divergence: Omit<Divergence, 'firstDisagreement'> | null;
  /** Means over consecutive parts of the text. */
  readonly along: { readonly nll: readonly number[]; readonly kl: readonly number[] | null };
  readonly worst: readonly {
    readonly index: number;
    readonly before: string;
    readonly token: string;
    readonly nll: number;
    readonly top: string;
    readonly baseline: { readonly kl: number; readonly top: string } | null;
  }[];
  readonly tokensPerSecond: number;
  readonly baselineTokensPerSecond: number | null;
}

export function evalSection(evaluation: ReportEvaluation): string {
  return [
    '<section aria-labelledby="eval"><h2 id="eval">Evaluation on a text</h2>',
    figureTable(evaluation),
    ...alongPlots(evaluation),
    worstTable(evaluation),
    '</section>',
  ].join('\n');
}

function figureTable({ nTokens, perplexity, divergence }: ReportEvaluation): string {
  const rows: [string, string][] = [['perplexity', withError(perplexity)]];
  if (divergence !== null) {
    const { baselinePerplexity, perplexityRatio, kl, topAgreement } = divergence;
    rows.push(
      ['perplexity of the baseline', withError(baselinePerplexity)],
      ['ratio of perplexities', withError(perplexityRatio)],
      ['mean KL divergence, nats', withError(kl.mean)],
      ['KL divergence, median', shortNumber(kl.median)],
      ['KL divergence, 95 %', shortNumber(kl.p95)],
      ['KL divergence, 99.9 %', shortNumber(kl.p999)],
      ['KL divergence, largest', shortNumber(kl.max)],
      [
        'same most probable token, %',
        withError({ value: 100 * topAgreement.value, standardError: 100 * topAgreement.standardError }),
      ],
    );
  }
  const cells = rows.map(([name, value]) => [{ html: text(name) }, numberCell(value)]);
  return table(`Figures over ${nTokens} tokens, ± one standard error`, ['figure', 'value'], cells);
}

function alongPlots({ along, nTokens }: ReportEvaluation): string[] {
  const plots: [string, string, readonly number[], string][] = [
    ['kl', 'KL divergence along the text', along.kl ?? [], 'nats'],
    ['nll', 'Negative log-likelihood along the text', along.nll, 'nats per token'],
  ];
  return plots
    .filter(([, , values]) => values.length > 0)
    .map(([id, title, values, yTitle]) => {
      const worst = values.indexOf(Math.max(...values));
      const tokenAt = (part: number): string => String(Math.round((part * nTokens) / values.length));
      const labels = [0, 1, 2, 3, 4].map((quarter) => Math.floor((quarter * (values.length - 1)) / 4));
      return areaPlot({
        id,
        title,
        description: `Means over ${values.length} parts of the text, from ${shortNumber(Math.min(...values))} to ${shortNumber(values[worst]!)} near token ${tokenAt(worst)}.`,
        values,
        xLabels: new Map(labels.map((part) => [part, tokenAt(part)])),
        xTitle: 'token',
        yTitle,
      });
    });
}

function worstTable({ worst }: ReportEvaluation): string {
  const rows = worst.map(({ index, before, token, nll, top, baseline }) => [
    numberCell(String(index)),
    numberCell(shortNumber(baseline?.kl ?? nll)),
    { html: `<span class="context">${onOneLine(before)}<mark>${onOneLine(token)}</mark></span>` },
    { html: `<span class="context">${onOneLine(top)}</span>` },
    { html: `<span class="context">${onOneLine(baseline?.top ?? '')}</span>` },
  ]);
  const measure = worst[0]?.baseline === null ? 'negative log-likelihood' : 'KL divergence';
  const columns = ['token', measure, 'in context', 'expected by the model', 'by the baseline'];
  return `<h3>Worst tokens</h3>\n${table('Tokens predicted worst, the token itself highlighted', columns, rows)}`;
}

/** Line breaks are often what was predicted, so they are shown. */
function onOneLine(value: string): string {
  return text(value.replaceAll('\n', '↵'));
}
