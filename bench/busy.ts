// Measures decoding beside other programs that use the cores:
//   npx tsx bench/busy.ts [--model FILE] [--hogs 0,1,2,4] [--threads 1,2] [--rounds 10] [--tokens 64]
//     [--node-llama-cpp DIR --gguf FILE]
// Every measurement is a fresh process; engines and numbers of threads take turns. Hogs are processes that compute without end.

import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { exportModel } from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import type { Workload } from './engines/engine.js';
import { runProgram } from './engines/run-program.js';
import { harmonicMean } from './statistics.js';

const programOf = (name: string) => fileURLToPath(new URL(`engines/${name}.mjs`, import.meta.url));
const PROMPT_TOKENS = 8;

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    hogs: { type: 'string', default: '0,1,2,4' },
    threads: { type: 'string', default: [...new Set([1, availableParallelism()])].join(',') },
    rounds: { type: 'string', default: '10' },
    tokens: { type: 'string', default: '64' },
    'node-llama-cpp': { type: 'string' },
    gguf: { type: 'string' },
  },
});
const [hogCounts, threadCounts] = [values.hogs, values.threads].map((list) => list.split(',').map(Number));
const model = values.model ?? (await exportSample());
const peer = values['node-llama-cpp'];
const engines: BusyEngine[] = [{ name: 'llama3.2.ts', script: programOf('llama-ts'), model }];
if (peer !== undefined && values.gguf !== undefined) {
  engines.push({ name: 'node-llama-cpp', script: programOf('node-llama-cpp'), model: values.gguf, program: peer });
}
const contestants = engines.flatMap((engine) => threadCounts!.map((threads) => ({ engine, threads })));

console.log('| other programs | engine | threads | tokens/s, harmonic mean | range |');
console.log('| ---: | --- | ---: | ---: | ---: |');
for (const hogs of hogCounts!) {
  const speeds = await besideHogs(hogs, async () => {
    const found = contestants.map((): number[] => []);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [i, { engine, threads }] of contestants.entries())
        found[i]!.push(await decodingSpeed(engine, threads));
    }
    return found;
  });
  for (const [i, { engine, threads }] of contestants.entries()) {
    const samples = speeds[i]!;
    const range = `${Math.min(...samples).toFixed(1)} – ${Math.max(...samples).toFixed(1)}`;
    console.log(`| ${hogs} | ${engine.name} | ${threads} | ${harmonicMean(samples).toFixed(1)} | ${range} |`);
  }
}

interface BusyEngine {
  readonly name: string;
  readonly script: string;
  readonly model: string;
  /** Where a peer is installed. */
  readonly program?: string;
}

/** Tokens per second in a fresh process, without its start and its prompt. */
async function decodingSpeed({ script, model, program }: BusyEngine, threads: number): Promise<number> {
  const generateLength = Number(values.tokens) + 1;
  const workload: Workload = {
    ...(program === undefined ? {} : { program }),
    model,
    threads,
    promptLength: PROMPT_TOKENS,
    generateLength,
    sequences: 1,
    warmUp: false,
  };
  const { stdout } = await runProgram(process.execPath, [script, JSON.stringify(workload)]);
  const { generateSeconds } = JSON.parse(stdout) as { generateSeconds: number };
  return (generateLength - 1) / generateSeconds;
}

/** Does the work while `count` other processes compute. */
async function besideHogs<T>(count: number, work: () => Promise<T>): Promise<T> {
  const hogs = Array.from({ length: count }, (): ChildProcess => spawn(process.execPath, ['-e', 'for (;;);']));
  try {
    return await work();
  } finally {
    for (const hog of hogs) hog.kill('SIGKILL');
  }
}

async function exportSample(): Promise<string> {
  const output = join(tmpdir(), 'llama-ts-bench-sample.bin');
  for await (const _ of exportModel({ source: sampleModelPath, output, version: 2, force: true }));
  return output;
}
