// The result of a run, as JSON and as markdown tables.

import type { BenchCase } from './cases.js';
import type { Sample } from './engines/engine.js';
import { summarize } from './statistics.js';

/** All samples of one engine in one case at one number of threads. */
export interface Series {
  readonly case: BenchCase;
  readonly engine: string;
  readonly threads: number;
  /** Samples in the order of the rounds. */
  readonly samples: readonly Sample[];
}

/** A run: where, when, how, what. */
export interface BenchReport {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly shape: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Load of the last minute, in processes, before the first and after the last case. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly rounds: number;
  readonly command: string;
  readonly series: readonly Series[];
}

/** What a sample measures, for tables and plots. */
interface Metric {
  readonly unit: string;
  readonly digits: number;
  valueOf(sample: Sample): number | undefined;
}

const SPEED: Metric = {
  unit: 'tok/s',
  digits: 1,
  valueOf: (sample) => sample.tokensPerSecond,
};
const FIRST_TOKEN: Metric = {
  unit: 's',
  digits: 3,
  valueOf: (sample) => sample.firstTokenSeconds,
};
const PEAK_MEMORY: Metric = {
  unit: 'MB peak',
  digits: 0,
  valueOf: (sample) => (sample.peakResidentBytes === undefined ? undefined : sample.peakResidentBytes / 1e6),
};

const TIMES_PLAIN: Metric = { unit: '× one, plain', digits: 2, valueOf: (sample) => sample.timesPlain };
const DELAY: Metric = { unit: 'ms delay at most', digits: 0, valueOf: (sample) => sample.delayMilliseconds };
const MEDIAN_DELAY: Metric = {
  unit: 'ms median delay',
  digits: 0,
  valueOf: (sample) => sample.medianDelayMilliseconds,
};

/** A case reports those that it measures. */
const allMetrics = [SPEED, TIMES_PLAIN, DELAY, MEDIAN_DELAY, FIRST_TOKEN, PEAK_MEMORY];

/** The report as markdown: one table, a row per case and engine. */
export function toMarkdown(report: BenchReport): string {
  const { cpu, cores, node, shape, startedAt, loadBefore, loadAfter, rounds, command, series } = report;
  const rows = series.flatMap((entry) => {
    const metrics = allMetrics.filter((metric) => entry.samples.some((sample) => metric.valueOf(sample) !== undefined));
    return metrics.map((metric) => rowOf(entry, metric, series));
  });
  return [
    `${shape} shape, ${cpu}, ${cores} cores, Node ${node}, ${startedAt}; ${rounds} rounds, engines in turn; ` +
      `load before ${loadBefore.toFixed(1)}, after ${loadAfter.toFixed(1)}.`,
    '',
    '| case | threads | engine | median | range | llama3.2.ts ÷ it |',
    '| --- | ---: | --- | ---: | ---: | ---: |',
    ...rows,
    '',
    `Made by \`${command}\`.`,
    '',
  ].join('\n');
}

function rowOf(entry: Series, metric: Metric, series: readonly Series[]): string {
  const { median, min, max } = summaryOf(entry, metric);
  const own = series.find(
    (other) => isOwn(other) && other.case.name === entry.case.name && other.threads === entry.threads,
  );
  const ratio = own === undefined || isOwn(entry) ? '' : `${(summaryOf(own, metric).median / median).toFixed(2)} ×`;
  const number = (value: number) => value.toFixed(metric.digits);
  const cells = [
    entry.case.title,
    String(entry.threads),
    engineCell(entry),
    `${number(median)} ${metric.unit}`,
    `${number(min)} – ${number(max)}`,
    ratio,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The backend that ran, where an engine has several. */
function engineCell({ engine, samples }: Series): string {
  const backends = [...new Set(samples.flatMap(({ backend }) => backend ?? []))];
  return backends.length === 0 ? engine : `${engine} (${backends.join(', ')})`;
}

function isOwn({ engine }: Series): boolean {
  return engine === 'llama3.2.ts';
}

function summaryOf({ samples }: Series, metric: Metric) {
  return summarize(samples.map((sample) => metric.valueOf(sample) ?? Number.NaN));
}
