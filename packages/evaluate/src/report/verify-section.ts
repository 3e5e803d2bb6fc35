// The results of a verification, as a section of the report page.

import { describeCheck } from '../gate.js';
import {
  isMeasured,
  type MeasuredTensor,
  type ScaleBin,
  type TensorVerdict,
  type VerifyResult,
} from '../verify/verify-result.js';
import { verifyVerdict } from '../verify/verify-verdict.js';
import { bitsTable, relativeNoise } from './bits-table.js';
import { numberCell, table, text } from './html.js';
import { barPlot, shortNumber } from './plot.js';

const PANEL = { width: 320, height: 170 };
/** Labels under a plot, about. */
const N_LABELS = 8;

export function verifySection(result: VerifyResult): string {
  const { passed, against, tensors, findings, checks } = result;
  const measured = tensors.filter(isMeasured);
  const broken = checks.filter((check) => !check.passed);
  return [
    '<section aria-labelledby="verify"><h2 id="verify">Verification</h2>',
    `<p class="verdict ${passed ? 'pass' : 'fail'}">${text(verifyVerdict(result))}</p>`,
    `<p>${against === null ? 'Looked at by itself, without a source.' : `Compared with ${text(against.name)}.`}</p>`,
    findings.length + broken.length === 0
      ? ''
      : `<h3>Findings</h3><ul>${[...findings.map(({ message }) => message), ...broken.map(describeCheck)].map((line) => `<li>${text(line)}</li>`).join('')}</ul>`,
    bitsTable(tensors),
    measured.length === 0 ? '' : errorPlots(measured),
    scalePlot(tensors),
    measured.length === 0 ? '' : errorTable(measured),
    '</section>',
  ].join('\n');
}

/** Noise over signal in per cent: unlike decibels it starts at 0, and bars can be compared. */
function relativeError({ errors }: MeasuredTensor): number {
  return 100 * relativeNoise(errors);
}

/** A panel for all tensors of a layer together, and one for each kind of tensor. */
function errorPlots(measured: readonly MeasuredTensor[]): string {
  // Where the source holds zeros alone there is nothing that an error could be compared with.
  const inLayers = measured.filter(({ layer, errors }) => layer !== null && errors.snr !== -Infinity);
  if (inLayers.length === 0) return '';
  const nLayers = 1 + Math.max(...inLayers.map(({ layer }) => layer!));
  const byKind = new Map<string, number[]>();
  for (const tensor of inLayers) {
    const kind = tensor.name.replace(/^layers\.\d+\.|\.weight$/g, '');
    const values = byKind.get(kind) ?? Array.from({ length: nLayers }, () => 0);
    values[tensor.layer!] = relativeError(tensor);
    byKind.set(kind, values);
  }
  const panels = new Map([['all tensors of the layer', layerErrors(inLayers, nLayers)], ...byKind]);
  const yMax = Math.max(...[...panels.values()].flat());
  const labels = everyNth(nLayers, String);
  const plots = [...panels].map(([title, values], i) => {
    const worst = values.indexOf(Math.max(...values));
    const description = `Relative error by layer, in per cent, from ${shortNumber(Math.min(...values))} to ${shortNumber(values[worst]!)} in layer ${worst}. The figures are in the table of tensors.`;
    const axes = { xLabels: labels, xTitle: 'layer', yTitle: 'error, %', yMax };
    return barPlot({ id: `error-${i}`, title, description, values, ...axes, ...PANEL });
  });
  return `<h3>Error by layer</h3>
<p class="soft">Root mean square of the error over that of the weights. All panels share one scale.</p>
<div class="plots">${plots.join('\n')}</div>`;
}

/** Noise and signal of a layer's tensors add up, each by its values. */
function layerErrors(tensors: readonly MeasuredTensor[], nLayers: number): number[] {
  return Array.from({ length: nLayers }, (_, layer) => {
    let [noise, signal] = [0, 0];
    for (const { shape, errors } of tensors.filter((tensor) => tensor.layer === layer)) {
      const squares = errors.rmse ** 2 * shape.reduce((product, n) => product * n, 1);
      const ratio = relativeNoise(errors);
      if (ratio === 0) continue;
      noise += squares;
      signal += squares / ratio ** 2;
    }
    return signal === 0 ? 0 : 100 * Math.sqrt(noise / signal);
  });
}

function scalePlot(tensors: readonly TensorVerdict[]): string {
  const bins = mergedScales(tensors);
  if (bins.length === 0) return '';
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  const first = bins[0]!.from;
  const last = bins.at(-1)!.from;
  const labels = everyNth(bins.length, (i) => shortNumber(bins[i]!.from));
  const plot = barPlot({
    id: 'scales',
    title: 'Group scales',
    description: `Share of groups by the size of their scale, in quarters of an octave from ${shortNumber(first)} to ${shortNumber(last)}. The figures are in the table below.`,
    values: bins.map(({ count }) => (100 * count) / total),
    xLabels: labels,
    xTitle: 'scale, from',
    yTitle: 'groups, %',
  });
  const rows = bins.map(({ from, count }) => [
    numberCell(shortNumber(from)),
    numberCell(String(count)),
    numberCell(((100 * count) / total).toFixed(2)),
  ]);
  return `<h3>Distribution of group scales</h3>
<p class="soft">${scaleWords(tensors)}</p>
${plot}
${table(`Group scales of all quantized tensors, ${total} groups`, ['scale, from', 'groups', '%'], rows)}`;
}

/** What a scale says about the errors of its group. */
function scaleWords(tensors: readonly TensorVerdict[]): string {
  return tensors.some(({ dtype }) => dtype === 'Q4')
    ? 'In 8 bits half a scale is the largest error of a weight in its group; in 4 bits a scale is that of the entries of the codebook, from &minus;127 to 127 at most.'
    : 'Half a scale is the largest error of a weight in its group.';
}

/** Bins of all tensors; empty ones between them kept, so that the axis is even. */
function mergedScales(tensors: readonly TensorVerdict[]): ScaleBin[] {
  const counts = new Map<number, number>();
  for (const { from, count } of tensors.flatMap(({ scales }) => scales))
    counts.set(from, (counts.get(from) ?? 0) + count);
  const edges = [...counts.keys()].sort((a, b) => a - b);
  const bins: ScaleBin[] = [];
  for (const from of edges) {
    const previous = bins.at(-1)?.from ?? 0;
    if (previous > 0)
      for (let edge = nextEdge(previous); edge < from; edge = nextEdge(edge)) bins.push({ from: edge, count: 0 });
    bins.push({ from, count: counts.get(from)! });
  }
  return bins;
}

/** The quarter of an octave that holds the edge. */
function nextEdge(edge: number): number {
  return edge + 2 ** Math.floor(Math.log2(edge)) / 4;
}

function errorTable(measured: readonly MeasuredTensor[]): string {
  const columns = [
    'tensor',
    'type',
    'SNR, dB',
    'max error',
    'RMSE',
    'cosine',
    'groups beyond, %',
    'worst group',
    'at row, column',
  ];
  const rows = measured.map(({ name, dtype, errors }) => {
    const { snr, maxError, rmse, cosine, beyond, worstGroup } = errors;
    return [
      { html: text(name) },
      { html: text(dtype) },
      numberCell(relativeNoise(errors) === 0 ? 'exact' : snr.toFixed(2)),
      numberCell(maxError.toExponential(3)),
      numberCell(rmse.toExponential(3)),
      numberCell(cosine.toFixed(6)),
      numberCell((100 * beyond).toFixed(2)),
      numberCell(worstGroup === null ? '' : String(worstGroup.group)),
      numberCell(worstGroup === null ? '' : `${worstGroup.row}, ${worstGroup.column}`),
    ];
  });
  return `<h3>Error by tensor</h3>\n${table('Quantized tensors', columns, rows)}`;
}

function everyNth(n: number, label: (index: number) => string): Map<number, string> {
  const step = Math.max(1, Math.ceil(n / N_LABELS));
  return new Map(Array.from({ length: Math.ceil(n / step) }, (_, i) => [i * step, label(i * step)]));
}
