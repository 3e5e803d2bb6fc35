// What `llama bench --submit-format` prints: a row for the table of machines in docs/performance.md, to be pasted unchanged.

import { availableParallelism, cpus } from 'node:os';
import { byteSize } from '@llama-ts/base';
import { tuningText } from '../environment/tuning-of-environment.js';
import { visible } from '../terminal/terminal-safe.js';
import type { BenchReport, BenchTest } from './bench-lines.js';

const header = [
  ...['CPU', 'system', 'threads', 'kernels', 'choices', 'model', 'read ceiling, GB/s'],
  ...['prompt, tokens/s', 'generation, tokens/s', 'of the ceiling'],
];

/** A Markdown table of one row. */
export function submitLines(report: BenchReport, cpu = cpus()[0]?.model ?? 'unknown'): string[] {
  const { model, backend, threads, tuning, bytesPerToken, readBytesPerSecond, tests } = report;
  const speedOf = (kind: BenchTest['test']) => tests.find(({ test }) => test === kind);
  const generation = speedOf('generation');
  const share = generation && (generation.tokensPerSecond.median * bytesPerToken) / readBytesPerSecond;
  const cells = [
    cpuCell(cpu.trim(), tuning?.cpu ?? null),
    `${process.platform}-${process.arch}, Node ${process.versions.node}`,
    `${Math.max(threads, 1)} of ${availableParallelism()}`,
    backend,
    tuning === null ? 'none' : tuningText(tuning),
    `${model}, ${byteSize(bytesPerToken)} a token`,
    (readBytesPerSecond / 1e9).toFixed(1),
    testCell(speedOf('prompt')),
    testCell(generation),
    share === undefined ? '' : `${(100 * share).toFixed(0)} %`,
  ];
  const line = (row: readonly string[]) => `| ${row.map((cell) => visible(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), line(cells)];
}

/** A virtual machine's name of its CPU may tell less than the core that its tuning is for. */
function cpuCell(cpu: string, core: string | null): string {
  return core === null || cpu.includes(core) ? cpu : `${cpu} (${core})`;
}

function testCell(test: BenchTest | undefined): string {
  if (test === undefined) return '';
  const { median, min, max } = test.tokensPerSecond;
  const after = test.depth > 0 ? ` after ${test.depth}` : '';
  return `${median.toFixed(1)} (${min.toFixed(1)} – ${max.toFixed(1)}), ${test.nTokens} tokens${after}`;
}
