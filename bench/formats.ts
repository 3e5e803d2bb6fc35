// Speed of files of one model in several formats: processes of their own, which take turns, and the read ceiling for the bytes that
// a token of each file reads.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openFile } from '@llama-ts/base';
import { readBinHeader } from '@llama-ts/format';
import { bytesPerToken } from '../packages/cli/src/bench/measure-speed.js';
import { spread } from '../packages/cli/src/bench/statistics.js';
import { parseCase } from './cases.js';
import { runProgram } from './engines/run-program.js';

const USAGE =
  'npx tsx bench/formats.ts FILE... [--case decode-8] [--threads N] [--backend KERNELS] [--rounds N] [--tokens N] [--no-map]';

const { positionals: files, values } = parseArgs({
  allowPositionals: true,
  options: {
    case: { type: 'string', default: 'decode-8' },
    threads: { type: 'string', default: '2' },
    backend: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    tokens: { type: 'string' },
    'no-map': { type: 'boolean', default: false },
  },
});
if (files.length === 0) {
  console.error(USAGE);
  process.exit(2);
}
const benchCase = parseCase(values.case);
const { kind, promptLength } = benchCase;
/** One more than are timed. */
const generateLength = values.tokens === undefined ? benchCase.generateLength : Number(values.tokens) + 1;
const threads = Number(values.threads);
const bytes = await Promise.all(files.map(bytesOf));
const speeds: number[][] = files.map(() => []);
const ceilings: number[] = [];
for (let round = 0; round < Number(values.rounds); round++) {
  const { bytesPerSecond } = await runScript<{ bytesPerSecond: number }>('read-ceiling.mjs', { threads });
  ceilings.push(bytesPerSecond);
  for (const [i, model] of files.entries()) speeds[i]!.push(await speedOf(model));
}
const ceiling = spread(ceilings);
const first = spread(speeds[0]!).median;
console.log(
  `${values.case}, threads: ${threads}, ${values.backend ?? 'fastest kernels'}, ${values.rounds} rounds${values['no-map'] ? ', weights read into memory' : ''}`,
);
console.log(`read ceiling ${gigabytes(ceiling.median)} GB/s (${gigabytes(ceiling.min)} – ${gigabytes(ceiling.max)})\n`);
console.log('| file | MB a token | tokens/s | against the first | read ceiling, tokens/s | of the ceiling |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
for (const [i, file] of files.entries()) {
  const { median, min, max } = spread(speeds[i]!);
  const most = ceiling.median / bytes[i]!;
  const cells = [
    ...[file, (bytes[i]! / 1e6).toFixed(0), `${median.toFixed(1)} (${min.toFixed(1)} – ${max.toFixed(1)})`],
    ...[
      `${(median / first).toFixed(2)} ×`,
      most.toFixed(1),
      kind === 'decode' ? `${((100 * median) / most).toFixed(0)} %` : '',
    ],
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

async function speedOf(model: string): Promise<number> {
  const workload = { model, threads, promptLength, generateLength, sequences: 1, warmUp: true, map: !values['no-map'] };
  const chosen = values.backend === undefined ? {} : { backend: values.backend };
  const measured = await runScript<{ promptSeconds: number; generateSeconds: number }>('llama-ts.mjs', {
    ...workload,
    ...chosen,
  });
  return kind === 'prefill' ? promptLength / measured.promptSeconds : (generateLength - 1) / measured.generateSeconds;
}

async function runScript<T>(script: string, workload: object): Promise<T> {
  const path = fileURLToPath(new URL(`engines/${script}`, import.meta.url));
  const { stdout } = await runProgram(process.execPath, [path, JSON.stringify(workload)]);
  return JSON.parse(stdout) as T;
}

async function bytesOf(path: string): Promise<number> {
  const source = await openFile(path);
  try {
    return bytesPerToken(await readBinHeader(source));
  } finally {
    await source.close();
  }
}

function gigabytes(bytesPerSecond: number): string {
  return (bytesPerSecond / 1e9).toFixed(1);
}
