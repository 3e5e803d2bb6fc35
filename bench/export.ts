// Compares writing model files with the least that it can take: npx tsx bench/export.ts [--cases v2,v1,quantize]
// The floor reads the same files, which are in the page cache on both sides, and then writes and syncs as many bytes.

import { readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runProgram } from './engines/run-program.js';
import { prepareFiles } from './model/prepare-files.js';
import { isShapeName, MODEL_SHAPES } from './model/shapes.js';
import { summarize } from './statistics.js';

const CASES = ['v2', 'v1', 'quantize'] as const;
const LLAMA = resolve(import.meta.dirname, '../packages/cli/bin/run.js');
const FLOOR = resolve(import.meta.dirname, 'engines/export-floor.mjs');
const USAGE = `usage: npx tsx bench/export.ts [options]
  --cases NAMES   of ${CASES.join(', ')}; default all
  --rounds N      repetitions of each case, the two sides in turn; default 3
  --shape NAME    ${Object.keys(MODEL_SHAPES).join(', ')}; default 1b
  --folder DIR    where the model files are kept, and the outputs written for a while`;

/** What is measured. */
interface ExportCase {
  readonly name: (typeof CASES)[number];
  /** Files that are read. */
  readonly inputs: readonly string[];
  /** Of `llama`, with the output's path. */
  args(output: string): readonly string[];
}

/** One side of a case, by round. */
interface Measured {
  readonly seconds: number[];
  readonly peakBytes: number[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: CASES.join(',') },
      rounds: { type: 'string', default: '3' },
      shape: { type: 'string', default: '1b' },
      folder: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const names = values.cases.split(',').map((name) => CASES.find((known) => known === name));
  const rounds = Number(values.rounds);
  if (values.help || !isShapeName(values.shape) || names.includes(undefined) || !(rounds >= 1)) {
    process.stderr.write(`${USAGE}\n`);
    return;
  }
  const folder = values.folder ?? join(tmpdir(), `llama-ts-bench-${values.shape}`);
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const needed = { float32: names.includes('quantize'), gguf: false, runq: false };
  const files = await prepareFiles(folder, MODEL_SHAPES[values.shape], needed, log);
  const cases = await exportCases(join(folder, 'checkpoint'), files.float32);
  const rows: string[] = [];
  for (const exportCase of cases.filter(({ name }) => names.includes(name))) {
    rows.push(await measure(exportCase, { folder, rounds, log }));
  }
  const head = ['| case | wall, s | floor, s | wall ÷ floor | peak memory |', '| --- | ---: | ---: | ---: | ---: |'];
  process.stdout.write(`${[...head, ...rows].join('\n')}\n`);
}

async function exportCases(checkpoint: string, float32: string): Promise<readonly ExportCase[]> {
  const shards = (await readdir(checkpoint)).filter((name) => name.endsWith('.safetensors'));
  const inputs = shards.map((name) => join(checkpoint, name));
  const exportAs = (version: 1 | 2): ExportCase => ({
    name: `v${version}`,
    inputs,
    args: (output) => ['export', output, '--hf', checkpoint, '--version', String(version)],
  });
  const quantize: ExportCase = { name: 'quantize', inputs: [float32], args: (output) => ['quantize', float32, output] };
  return [exportAs(2), exportAs(1), quantize];
}

/** A row of the table: medians with their range. */
async function measure(
  { name, inputs, args }: ExportCase,
  { folder, rounds, log }: { readonly folder: string; readonly rounds: number; log(line: string): void },
): Promise<string> {
  const output = join(folder, `bench-export-${process.pid}.bin`);
  const own: Measured = { seconds: [], peakBytes: [] };
  const floor: Measured = { seconds: [], peakBytes: [] };
  const run = async (side: Measured, nodeArgs: readonly string[]): Promise<number> => {
    const start = performance.now();
    const { peakResidentBytes } = await runProgram(process.execPath, nodeArgs);
    side.seconds.push((performance.now() - start) / 1000);
    side.peakBytes.push(peakResidentBytes);
    const { size } = await stat(output);
    await rm(output);
    return size;
  };
  try {
    // Once for the page cache, and for the output's length.
    const byteLength = await run({ seconds: [], peakBytes: [] }, [LLAMA, ...args(output)]);
    for (let round = 1; round <= rounds; round++) {
      await run(floor, [FLOOR, output, String(byteLength), ...inputs]);
      await run(own, [LLAMA, ...args(output)]);
      log(`${name}, round ${round}: ${own.seconds.at(-1)!.toFixed(2)} s, floor ${floor.seconds.at(-1)!.toFixed(2)} s`);
    }
  } finally {
    await rm(output, { force: true });
  }
  const ratio = summarize(own.seconds).median / summarize(floor.seconds).median;
  const megabytes = Math.max(...own.peakBytes) / 1e6;
  const cells = [name, inSeconds(own), inSeconds(floor), `${ratio.toFixed(2)} ×`, `${megabytes.toFixed(0)} MB`];
  return `| ${cells.join(' | ')} |`;
}

function inSeconds({ seconds }: Measured): string {
  const { median, min, max } = summarize(seconds);
  return `${median.toFixed(2)} (${min.toFixed(2)} – ${max.toFixed(2)})`;
}

await main();
