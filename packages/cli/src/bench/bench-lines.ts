// What `llama bench` reports, and its table.

import type { BackendName } from '@llama-ts/kernels';
import { byteSize } from '../units.js';
import type { Spread } from './statistics.js';

/** One measured speed. */
export interface BenchTest {
  readonly test: 'prompt' | 'generation';
  readonly nTokens: number;
  /** Tokens in the context before the first measured one. */
  readonly depth: number;
  readonly tokensPerSecond: Spread;
}

/** What `--json` prints. */
export interface BenchReport {
  readonly model: string;
  readonly backend: BackendName;
  readonly threads: number;
  readonly repetitions: number;
  /** Bytes of weights that one generated token reads. */
  readonly bytesPerToken: number;
  /** The most these threads can read. */
  readonly readBytesPerSecond: number;
  readonly tests: readonly BenchTest[];
}

/** The report as lines of a Markdown table, which is readable as it stands. */
export function benchLines(report: BenchReport): string[] {
  const { model, backend, threads, repetitions, readBytesPerSecond } = report;
  const header = ['test', 'tokens/s', 'range', 'GB/s', 'of the ceiling'];
  const rows = report.tests.map((test) => testCells(test, report));
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  // The reference has no threads but the caller's.
  return [
    `${model}: ${byteSize(report.bytesPerToken)} of weights a token; ${backend}, threads: ${Math.max(threads, 1)}, ` +
      `median of ${repetitions}; read ceiling ${gigabytes(readBytesPerSecond)} GB/s`,
    '',
    line(header),
    rule,
    ...rows.map(line),
  ];
}

/** A prompt reads the weights once for many tokens: bytes per second say nothing there. */
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
