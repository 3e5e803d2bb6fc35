// The results of `llama bench`, and their table.

import { byteSize } from '@llama-ts/base';
import type { BackendName, ChosenTuning } from '@llama-ts/kernels';
import type { Spread } from './statistics.js';

const header = ['test', 'tokens/s', 'range', 'GB/s', 'of the ceiling'];

/** One measured speed. */
export interface BenchTest {
  readonly test: 'prompt' | 'generation';
  readonly nTokens: number;
  /** Tokens in the context before the first measured one. */
  readonly depth: number;
  readonly tokensPerSecond: Spread;
}

/** Output of `--json`. */
export interface BenchReport {
  readonly model: string;
  readonly backend: BackendName;
  readonly threads: number;
  /** What the kernels chose for this CPU; null for those that have nothing to choose. */
  readonly tuning: ChosenTuning | null;
  readonly repetitions: number;
  /** Bytes of weights that one generated token reads. */
  readonly bytesPerToken: number;
  /** The most these threads can read. */
  readonly readBytesPerSecond: number;
  readonly tests: readonly BenchTest[];
}

/** The report as lines of a Markdown table, which is readable without rendering; in words where that is too wide. */
export function benchLines(report: BenchReport, columns: number): string[] {
  const { model, backend, threads, repetitions, readBytesPerSecond } = report;
  // The reference has no threads but the caller's.
  const head =
    `${model}: ${byteSize(report.bytesPerToken)} of weights a token; ${backend}, threads: ${Math.max(threads, 1)}, ` +
    `median of ${repetitions}; read ceiling ${gigabytes(readBytesPerSecond)} GB/s`;
  const rows = report.tests.map((test) => testCells(test, report));
  const table = markdownTable(header, rows);
  return [head, '', ...(table.every((line) => line.length <= columns) ? table : rows.flatMap(rowInWords))];
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)];
}

function rowInWords([name = '', speed, range, bandwidth, share]: readonly string[]): string[] {
  const read = bandwidth === '' ? '' : `; ${bandwidth} GB/s, ${share} of the ceiling`;
  return [name, `  ${speed} tokens/s (${range})${read}`];
}

/** A prompt reads the weights once for many tokens: bytes per second are meaningless there. */
function testCells({ test, nTokens, depth, tokensPerSecond }: BenchTest, report: BenchReport): string[] {
  const { median, min, max } = tokensPerSecond;
  const name = `${test} of ${nTokens}${depth > 0 ? ` after ${depth}` : ''}`;
  const speed = [median.toFixed(1), `${min.toFixed(1)} – ${max.toFixed(1)}`];
  if (test === 'prompt') return [name, ...speed, '', ''];
  const bytesPerSecond = median * report.bytesPerToken;
  const share = `${((100 * bytesPerSecond) / report.readBytesPerSecond).toFixed(0)} %`;
  return [name, ...speed, gigabytes(bytesPerSecond), share];
}

function gigabytes(bytesPerSecond: number): string {
  return (bytesPerSecond / 1e9).toFixed(1);
}
