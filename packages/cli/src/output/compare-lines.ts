// A comparison of model files as a table for the terminal, and in Markdown.

import type { Estimate } from '@llama-ts/evaluate';
import type { CompareReport } from '../compare/compare-files.js';
import { type Column, fitTable } from '../terminal/fit-table.js';
import { visible } from '../terminal/terminal-safe.js';

const columns: readonly Column[] = [
  { head: 'MB', words: (cell) => `${cell} MB`, isNumber: true },
  { head: 'bits', words: (cell) => `${cell} bits`, isNumber: true },
  { head: 'perplexity', isNumber: true },
  { head: 'mean KL', words: (cell) => (cell === BASELINE ? cell : `mean KL ${cell}`), isNumber: true },
  { head: 'same top', words: (cell) => `${cell} same top token`, isNumber: true },
];
const speedColumn: Column = { head: 'tokens/s', words: (cell) => `${cell} tokens/s`, isNumber: true };
const markdownHeads = ['bits per weight', 'perplexity', 'mean KL, nats', 'same top token'];
const BASELINE = 'baseline';

/** Lines of at most `width` columns where words allow it. */
export function compareLines(report: CompareReport, width: number): string[] {
  const rows = report.models.map((model) => ({ name: model.model, cells: cellsOf(model) }));
  const shown = hasSpeed(report) ? [...columns, speedColumn] : columns;
  return [...fitTable({ title: 'model', columns: shown, rows, hasHeads: true }, width), textLine(report)].map(visible);
}

/** A table to paste into a discussion, each line whole. */
export function compareMarkdown(report: CompareReport): string[] {
  const heads = ['model', 'MB', ...markdownHeads, ...(hasSpeed(report) ? ['decoding, tokens/s'] : [])];
  const rows = report.models.map((model) => [model.model.replaceAll('|', '\\|'), ...cellsOf(model)]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = heads.map((_, i) => (i === 0 ? '---' : '---:'));
  return [line(heads), line(rule), ...rows.map(line), '', textLine(report)].map(visible);
}

function cellsOf({ byteLength, bitsPerWeight, perplexity, divergence, tokensPerSecond }: CompareReport['models'][0]) {
  return [
    (byteLength / 1e6).toFixed(byteLength < 1e8 ? 1 : 0),
    bitsPerWeight.toFixed(2),
    estimate(perplexity, 4),
    divergence === null ? BASELINE : estimate(divergence.kl.mean, 2),
    divergence === null ? '' : `${(100 * divergence.topAgreement.value).toFixed(2)} %`,
    ...(tokensPerSecond === null ? [] : [tokensPerSecond.median.toFixed(1)]),
  ];
}

function hasSpeed({ models }: CompareReport): boolean {
  return models.some(({ tokensPerSecond }) => tokensPerSecond !== null);
}

function textLine({ baseline, text, nTokens, window, stride, backend, threads, models }: CompareReport): string {
  const rounds = models.some(({ tokensPerSecond }) => tokensPerSecond !== null)
    ? `; speed on ${backend}, threads: ${Math.max(threads, 1)}`
    : '';
  return `compared with ${baseline} over ${nTokens} tokens of ${text}, windows of ${window}, stride ${stride}${rounds}`;
}

/** Two digits of the error and the value to the same place, or to as many places as `least` says. */
function estimate({ value, standardError }: Estimate, least: number): string {
  if (standardError === 0) return String(Number(value.toPrecision(4)));
  const digits = Math.min(12, Math.max(least, 1 - Math.floor(Math.log10(standardError))));
  return `${value.toFixed(digits)} ± ${standardError.toFixed(digits)}`;
}
