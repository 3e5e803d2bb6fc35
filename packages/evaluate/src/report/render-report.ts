// One self-contained HTML page on a model: what quantization cost, tensor by tensor and along a text. The page loads nothing else.

import type { VerifyResult } from '../verify/verify-result.js';
import { compareSection, type ReportComparison } from './compare-section.js';
import { evalSection, type ReportEvaluation } from './eval-section.js';
import { numberCell, table, text } from './html.js';
import { STYLE } from './style.js';
import { verifySection } from './verify-section.js';

/** The results on a page; at least one of them. */
export interface ReportOptions {
  /** Heading; default the model's path. */
  readonly title?: string;
  readonly verify?: VerifyResult | undefined;
  readonly evaluation?: ReportEvaluation | undefined;
  /** Alone on its page: it is of several files. */
  readonly comparison?: ReportComparison | undefined;
}

/**
 * Renders the page.
 *
 * @example await writeFile('report.html', renderReport({ verify: result }));
 */
export function renderReport({
  verify,
  evaluation,
  comparison,
  title = verify?.model.path ?? (comparison === undefined ? 'Evaluation' : 'Comparison'),
}: ReportOptions): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${text(title)}: report</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${text(title)}</h1><p class="soft">${comparison === undefined ? 'What this model file holds, and what quantization cost.' : 'What files of one model cost, and how near each is to the first.'} Written by llama3.2.ts.</p></header>
<main>
${[
  (verify ?? evaluation) && sizeTable(verify, evaluation),
  comparison && compareSection(comparison),
  verify && verifySection(verify),
  evaluation && evalSection(evaluation),
]
  .filter(Boolean)
  .join('\n')}
</main>
</body>
</html>
`;
}

function sizeTable(verify: VerifyResult | undefined, evaluation: ReportEvaluation | undefined): string {
  const rows: [string, string][] = [];
  if (verify !== undefined) {
    const { byteLength, version, groupSize, nParameters } = verify.model;
    if (version !== null)
      rows.push([
        'format',
        groupSize === null ? `v${version}, float32` : `v${version}, ${bitsOf(verify)} bits, group size ${groupSize}`,
      ]);
    rows.push(['file', `${(byteLength / 1e6).toFixed(1)} MB`]);
    if (nParameters !== null) {
      const bytes = verify.tensors.reduce((sum, tensor) => sum + tensor.byteLength, 0);
      rows.push(
        ['parameters', nParameters.toLocaleString('en')],
        ['bits per parameter', ((8 * bytes) / nParameters).toFixed(2)],
        ['share of float32', `${((100 * bytes) / (4 * nParameters)).toFixed(1)} %`],
      );
    }
  }
  if (evaluation !== undefined) {
    rows.push(['speed of the evaluation', `${evaluation.tokensPerSecond.toFixed(0)} tokens per second`]);
    if (evaluation.baselineTokensPerSecond !== null) {
      rows.push(['speed of the baseline', `${evaluation.baselineTokensPerSecond.toFixed(0)} tokens per second`]);
    }
  }
  const cells = rows.map(([name, value]) => [{ html: text(name) }, numberCell(value)]);
  return `<section aria-labelledby="size"><h2 id="size">Size and speed</h2>\n${table('Size and speed', ['figure', 'value'], cells)}</section>`;
}

/** The bits of the quantized tensors, such as `4 and 8`. */
function bitsOf({ tensors }: VerifyResult): string {
  const types = new Set(tensors.map(({ dtype }) => dtype));
  return [...(types.has('Q4') ? ['4'] : []), ...(types.has('Q8') || types.has('Q8_0') ? ['8'] : [])].join(' and ');
}
