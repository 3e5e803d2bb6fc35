// Which charts a report can fill: decode against context, prefill against prompt length, each against threads.

import type { BenchReport, Series } from '../report.js';
import { summarize } from '../statistics.js';
import type { Chart, Line } from './line-chart.js';

/** A chart and the file it goes to. */
export interface ChartPlan extends Chart {
  readonly fileName: string;
}

interface Axis {
  readonly name: 'length' | 'threads';
  readonly label: string;
  xOf(series: Series): number;
  /** What tells apart points that belong to different lines. */
  lineOf(series: Series): string;
}

const LENGTH: Axis = {
  name: 'length',
  label: 'tokens before',
  xOf: (series) => series.case.promptLength,
  lineOf: ({ engine, threads }) => `${engine}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
};
const THREADS: Axis = {
  name: 'threads',
  label: 'threads',
  xOf: (series) => series.threads,
  lineOf: (series) => `${series.engine}, ${series.case.title}`,
};

/** The charts that have at least one line of two points. */
export function chartsOf(report: BenchReport): ChartPlan[] {
  const kinds = ['decode', 'prefill'] as const;
  const plans = kinds.flatMap((kind) =>
    [LENGTH, THREADS].map((axis): ChartPlan => {
      const plain = report.series.filter(
        (series) => series.case.kind === kind && series.case.sequences === 1 && series.case.weights === 'q8_0',
      );
      return {
        fileName: `${kind}-by-${axis.name}.svg`,
        title: `${kind === 'decode' ? 'Decode' : 'Prefill'}, ${report.shape} Q8_0, ${report.cpu}`,
        xLabel: kind === 'prefill' && axis === LENGTH ? 'tokens of the prompt' : axis.label,
        yLabel: 'tokens per second',
        lines: linesOf(
          plain.filter((series) => !series.case.wasm),
          axis,
        ),
      };
    }),
  );
  return plans.filter(({ lines }) => lines.length > 0);
}

function linesOf(series: readonly Series[], axis: Axis): Line[] {
  const names = [...new Set(series.map(axis.lineOf))];
  const lines = names.map((name): Line => {
    const points = series.filter((entry) => axis.lineOf(entry) === name).map((entry) => pointOf(entry, axis));
    return { name, points: points.sort((a, b) => a.x - b.x) };
  });
  return lines.filter(({ points }) => points.length > 1);
}

function pointOf(series: Series, axis: Axis) {
  const { median, min, max } = summarize(series.samples.map((sample) => sample.tokensPerSecond ?? Number.NaN));
  return { x: axis.xOf(series), y: median, low: min, high: max };
}
