// One self-contained HTML page on a model: what quantization cost, tensor by tensor and along a text. It asks for nothing.

import type { VerifyResult } from '../verify/verify-result.js';
import { evalSection, type ReportEvaluation } from './eval-section.js';
import { numberCell, table, text } from './html.js';
import { STYLE } from './style.js';
import { verifySection } from './verify-section.js';

/** What a page is made of; at least one of them. */
export interface ReportOptions {
  /** Heading; default the model's path. */
  readonly title?: string;
  readonly verify?: VerifyResult | undefined;
  readonly evaluation?: ReportEvaluation | undefined;
}

/**
 * Renders the page.
 *
 * @example await writeFile('report.html', renderReport({ verify: result }));
 */
export function renderReport({
  verify,
  evaluation,
  title = verify?.model.path ?? 'Evaluation',
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
<header><h1>${text(title)}</h1><p class="soft">What this model file holds, and what quantization cost. Written by llama3.2.ts.</p></header>
<main>
${[sizeTable(verify, evaluation), verify && verifySection(verify), evaluation && evalSection(evaluation)].filter(Boolean).join('\n')}
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
        groupSize === null ? `v${version}, float32` : `v${version}, 8 bits, group size ${groupSize}`,
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
