// Several files of one model, as a section of the report page: a table, and size against divergence.

import type { Divergence } from '../eval/scores.js';
import type { Estimate } from '../eval/statistics.js';
import { numberCell, table, text } from './html.js';
import { shortNumber } from './plot.js';
import { scatterPlot } from './scatter-plot.js';
import { withError } from './with-error.js';

/** The part of a comparison that the page shows: the shape of `llama compare --json`. */
export interface ReportComparison {
  /** Name of the baseline, one of the models. */
  readonly baseline: string;
  readonly text: string;
  readonly nTokens: number;
  readonly window: number;
  readonly stride: number;
  readonly models: readonly {
    readonly model: string;
    readonly version: number;
    readonly byteLength: number;
    readonly bitsPerWeight: number;
    readonly perplexity: Estimate;
    /** The divergence from the baseline; null for the baseline itself. */
    readonly divergence: Pick<Divergence, 'kl' | 'topAgreement'> | null;
    /** Decode speed; null if it was not measured. */
    readonly tokensPerSecond: { readonly median: number; readonly min: number; readonly max: number } | null;
    readonly isOnFront: boolean;
  }[];
}

export function compareSection(comparison: ReportComparison): string {
  return [
    '<section aria-labelledby="compare"><h2 id="compare">Comparison on a text</h2>',
    `<p>KL divergence and top tokens are compared with ${text(comparison.baseline)} over ${comparison.nTokens} tokens of ${text(comparison.text)}, in windows of ${comparison.window}, stride ${comparison.stride}; ± is one standard error.</p>`,
    frontPlot(comparison),
    modelTable(comparison),
    '</section>',
  ].join('\n');
}

function frontPlot({ baseline, models }: ReportComparison): string {
  const points = models.map(({ model, byteLength, divergence, isOnFront }) => ({
    name: model,
    x: byteLength / 1e6,
    y: divergence?.kl.mean.value ?? 0,
    isOnFront,
  }));
  const front = points.filter(({ isOnFront }) => isOnFront).map(({ name }) => name);
  const plot = scatterPlot({
    id: 'front',
    title: 'Size against divergence',
    description: `Each file by its size and its mean KL divergence from ${baseline}. No file is both smaller and nearer than one of these: ${front.join(', ')}. The figures are in the table below.`,
    points,
    xTitle: 'file, MB',
    yTitle: 'mean KL divergence, nats',
  });
  return `<p class="soft">The line joins the files that no other beats in both size and divergence. The upper axis is logarithmic; 0 is at its foot.</p>\n${plot}`;
}

function modelTable({ models }: ReportComparison): string {
  const hasSpeed = models.some(({ tokensPerSecond }) => tokensPerSecond !== null);
  const columns = [
    ...['model', 'format', 'MB', 'bits per weight', 'perplexity', 'mean KL, nats', 'KL 99.9 %', 'same top token, %'],
    ...(hasSpeed ? ['decoding, tokens per second'] : []),
  ];
  const rows = models.map(({ model, version, byteLength, bitsPerWeight, perplexity, divergence, tokensPerSecond }) => [
    { html: text(model) },
    numberCell(`v${version}`),
    numberCell((byteLength / 1e6).toFixed(1)),
    numberCell(bitsPerWeight.toFixed(2)),
    numberCell(withError(perplexity)),
    numberCell(divergence === null ? 'the baseline' : withError(divergence.kl.mean)),
    numberCell(divergence === null ? '' : shortNumber(divergence.kl.p999)),
    numberCell(divergence === null ? '' : (100 * divergence.topAgreement.value).toFixed(2)),
    ...(hasSpeed ? [numberCell(tokensPerSecond === null ? '' : tokensPerSecond.median.toFixed(1))] : []),
  ]);
  return table('Files and their figures', columns, rows);
}
