// Compares writing model files with the least that it can take: npx tsx bench/export.ts [--cases v2,v1,quantize]
// The floor reads the same files, which are in the page cache on both sides, and then writes and syncs as many bytes. Before each
// side memory for its output is touched, so that neither waits for a host to provide it.
// With --llama-quantize, quantizing is compared with llama.cpp's program too, whose output is synced like ours.

import { open, readdir, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runProgram } from './engines/run-program.js';
import { type ModelFiles, prepareFiles } from './model/prepare-files.js';
import { isShapeName, MODEL_SHAPES } from './model/shapes.js';
import { summarize } from './statistics.js';

const CASES = ['v2', 'v1', 'quantize'] as const;
const LLAMA = resolve(import.meta.dirname, '../packages/cli/bin/run.js');
const FLOOR = resolve(import.meta.dirname, 'engines/export-floor.mjs');
const TOUCH = resolve(import.meta.dirname, 'engines/touch-memory.mjs');
const USAGE = `usage: npx tsx bench/export.ts [options]
  --cases NAMES   of ${CASES.join(', ')}; default all
  --rounds N      repetitions of each case, the two sides in turn; default 3
  --shape NAME    ${Object.keys(MODEL_SHAPES).join(', ')}; default 1b
  --folder DIR    where the model files are kept, and the outputs written for a while
  --llama-quantize PATH   the program of llama.cpp: adds a case, for which the same weights are kept as a float32 GGUF`;

/** What is measured. */
interface ExportCase {
  readonly name: (typeof CASES)[number];
  /** The arguments of `llama`, for an output's path. */
  args(output: string): readonly string[];
  readonly rival: Rival;
}

/** The other side of a case. */
interface Rival {
  readonly name: string;
  /** A command that writes the output, which is as long as ours is. */
  command(output: string, byteLength: number): readonly [program: string, ...args: string[]];
  /** Whether the command leaves syncing to others. */
  readonly needsSync: boolean;
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
      'llama-quantize': { type: 'string' },
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
  const llamaQuantize = values['llama-quantize'];
  const float32 = names.includes('quantize');
  const needed = { float32, float32Gguf: float32 && llamaQuantize !== undefined, gguf: false, runq: false };
  const files = await prepareFiles(folder, MODEL_SHAPES[values.shape], needed, log);
  const cases = await exportCases(join(folder, 'checkpoint'), files, llamaQuantize);
  const rows: (readonly string[])[] = [];
  for (const exportCase of cases.filter(({ name }) => names.includes(name))) {
    rows.push(await measure(exportCase, { folder, rounds, log }));
  }
  const head = ['case', 'wall, s', 'against', 'its wall, s', 'ratio', 'peak memory', 'its peak memory'];
  const rule = head.map((_, i) => (i === 0 || i === 2 ? '---' : '---:'));
  process.stdout.write(`${[head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
}

async function exportCases(
  checkpoint: string,
  { float32, float32Gguf }: ModelFiles,
  llamaQuantize: string | undefined,
): Promise<readonly ExportCase[]> {
  const shards = (await readdir(checkpoint)).filter((name) => name.endsWith('.safetensors'));
  const inputs = shards.map((name) => join(checkpoint, name));
  const exportAs = (version: 1 | 2): ExportCase => ({
    name: `v${version}`,
    args: (output) => ['export', output, '--hf', checkpoint, '--version', String(version)],
    rival: floorOf(inputs),
  });
  const quantize = (rival: Rival): ExportCase => ({
    name: 'quantize',
    args: (output) => ['quantize', float32, output],
    rival,
  });
  const peer = llamaQuantize === undefined ? [] : [quantize(quantizerOf(llamaQuantize, float32Gguf))];
  return [exportAs(2), exportAs(1), quantize(floorOf([float32])), ...peer];
}

/** @param inputs files that are read */
function floorOf(inputs: readonly string[]): Rival {
  return {
    name: 'floor',
    command: (output, byteLength) => [process.execPath, FLOOR, output, String(byteLength), ...inputs],
    needsSync: false,
  };
}

/** llama.cpp's quantizer, with as many threads as there are cores, like ours. */
function quantizerOf(program: string, gguf: string): Rival {
  const nThreads = String(availableParallelism());
  return {
    name: 'llama-quantize',
    command: (output) => [program, gguf, output, 'Q8_0', nThreads],
    needsSync: true,
  };
}

/** Cells of a row of the table: medians with their range. */
async function measure(
  { name, args, rival }: ExportCase,
  { folder, rounds, log }: { readonly folder: string; readonly rounds: number; log(line: string): void },
): Promise<readonly string[]> {
  const output = join(folder, `bench-export-${process.pid}.out`);
  const own: Measured = { seconds: [], peakBytes: [] };
  const other: Measured = { seconds: [], peakBytes: [] };
  const run = async (
    side: Measured,
    [program, ...rest]: readonly [string, ...string[]],
    needsSync: boolean,
  ): Promise<number> => {
    const start = performance.now();
    const { peakResidentBytes } = await runProgram(program, rest);
    if (needsSync) await sync(output);
    side.seconds.push((performance.now() - start) / 1000);
    side.peakBytes.push(peakResidentBytes);
    const { size } = await stat(output);
    await rm(output);
    return size;
  };
  const ownCommand = [process.execPath, LLAMA, ...args(output)] as const;
  try {
    // Once for the page cache, and for the output's length.
    const byteLength = await run({ seconds: [], peakBytes: [] }, ownCommand, false);
    const otherCommand = rival.command(output, byteLength);
    await run({ seconds: [], peakBytes: [] }, otherCommand, false);
    for (let round = 1; round <= rounds; round++) {
      await runProgram(process.execPath, [TOUCH, String(byteLength)]);
      await run(other, otherCommand, rival.needsSync);
      await runProgram(process.execPath, [TOUCH, String(byteLength)]);
      await run(own, ownCommand, false);
      const [ownSeconds, otherSeconds] = [own, other].map(({ seconds }) => seconds.at(-1)!.toFixed(2));
      log(`${name}, round ${round}: ${ownSeconds} s, ${rival.name} ${otherSeconds} s`);
    }
  } finally {
    await rm(output, { force: true });
  }
  const ratio = summarize(own.seconds).median / summarize(other.seconds).median;
  return [name, inSeconds(own), rival.name, inSeconds(other), `${ratio.toFixed(2)} ×`, peak(own), peak(other)];
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function peak({ peakBytes }: Measured): string {
  return `${(Math.max(...peakBytes) / 1e6).toFixed(0)} MB`;
}

function inSeconds({ seconds }: Measured): string {
  const { median, min, max } = summarize(seconds);
  return `${median.toFixed(2)} (${min.toFixed(2)} – ${max.toFixed(2)})`;
}

await main();
