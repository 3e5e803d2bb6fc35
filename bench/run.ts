// Compares this toolkit with its peers: npx tsx bench/run.ts [--node-llama-cpp DIR] [--ik LLAMA_BENCH] [--runq PATH]
// Every measurement is a fresh process; engines take turns within a case, so that a busy spell hits all of them alike.

import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { basename, isAbsolute, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchCase, DEFAULT_CASES, parseCase } from './cases.js';
import type { Engine, Sample } from './engines/engine.js';
import { llamaBench, runq } from './engines/program-engines.js';
import { llamaRun, llamaTs, llamaTsNoMap, nodeLlamaCpp, readCeiling } from './engines/script-engines.js';
import { type ModelFiles, prepareFiles } from './model/prepare-files.js';
import { isShapeName, MODEL_SHAPES } from './model/shapes.js';
import { type BenchReport, type Series, toMarkdown } from './report.js';

const USAGE = `usage: npx tsx bench/run.ts [options]
  --cases NAMES           of prefill-N, decode-N[-f32|-wasm], batch-N, join-N, lookup-repeat,
                          lookup-new, first-token; default ${DEFAULT_CASES.join(',')}
  --rounds N              repetitions of each case; default 3
  --threads LIST          for every engine; default the cores, ${availableParallelism()}
  --backend NAME          of this toolkit; default the fastest
  --no-own                peers alone
  --node-llama-cpp DIR    folder in which node-llama-cpp is installed
  --ik PATH               llama-bench of ik_llama.cpp; runs with and without repacking
  --runq PATH             runq of llama3.2.c
  --shape NAME            ${Object.keys(MODEL_SHAPES).join(', ')}; default 1b
  --folder DIR            where the model files are kept
  --json FILE, --markdown FILE`;

const log = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: DEFAULT_CASES.join(',') },
      rounds: { type: 'string', default: '3' },
      threads: { type: 'string', default: String(availableParallelism()) },
      backend: { type: 'string' },
      'no-own': { type: 'boolean', default: false },
      'node-llama-cpp': { type: 'string' },
      ik: { type: 'string' },
      runq: { type: 'string' },
      shape: { type: 'string', default: '1b' },
      folder: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || !isShapeName(values.shape)) {
    log(USAGE);
    return;
  }
  const cases = values.cases.split(',').map(parseCase);
  const threadCounts = values.threads.split(',').map((text) => positiveInteger('--threads', text));
  const rounds = positiveInteger('--rounds', values.rounds);
  const engines: Engine[] = [
    ...(values['no-own'] ? [] : [llamaTs(values.backend), llamaTsNoMap(values.backend), llamaRun(values.backend)]),
    ...(values['node-llama-cpp'] === undefined ? [] : [nodeLlamaCpp(values['node-llama-cpp'])]),
    ...(values.ik === undefined ? [] : [true, false].map((repack) => llamaBench(values.ik!, { repack }))),
    ...(values.runq === undefined ? [] : [runq(values.runq)]),
    readCeiling,
  ];
  const folder = values.folder ?? join(tmpdir(), `llama-ts-bench-${values.shape}`);
  const needed = {
    float32: cases.some(({ weights }) => weights === 'f32'),
    gguf: values['node-llama-cpp'] !== undefined || values.ik !== undefined,
    runq: values.runq !== undefined,
  };
  const files = await prepareFiles(folder, MODEL_SHAPES[values.shape], needed, log);

  const [loadBefore = 0] = loadavg();
  const startedAt = new Date().toISOString();
  const series: Series[] = [];
  for (const benchCase of cases) {
    for (const threads of threadCounts) {
      series.push(...(await runCase(benchCase, threads, rounds, engines, files)));
    }
  }
  const [loadAfter = 0] = loadavg();
  const report: BenchReport = {
    cpu: cpus()[0]?.model ?? 'unknown CPU',
    cores: availableParallelism(),
    node: process.versions.node,
    shape: values.shape,
    startedAt,
    loadBefore,
    loadAfter,
    rounds,
    command: ['npx tsx bench/run.ts', ...process.argv.slice(2).map(withoutFolder)].join(' '),
    series,
  };
  const markdown = toMarkdown(report);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (values.markdown !== undefined) await writeFile(values.markdown, markdown);
  process.stdout.write(markdown);
}

async function runCase(
  benchCase: BenchCase,
  threads: number,
  rounds: number,
  engines: readonly Engine[],
  files: ModelFiles,
): Promise<Series[]> {
  const taking = engines.filter((engine) => engine.supports(benchCase));
  const samples = new Map<Engine, Sample[]>(taking.map((engine) => [engine, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const engine of taking) {
      const sample = await engine.run(benchCase, threads, files);
      samples.get(engine)!.push(sample);
      log(`${benchCase.name}, ${threads} threads, round ${round}, ${engine.name}: ${JSON.stringify(sample)}`);
    }
  }
  return taking.map((engine) => ({ case: benchCase, engine: engine.name, threads, samples: samples.get(engine)! }));
}

/** Reports are published: they need not tell how a machine is laid out. */
function withoutFolder(argument: string): string {
  return isAbsolute(argument) ? basename(argument) : argument;
}

function positiveInteger(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${option} ${text}, expected a whole number from 1`);
  return number;
}

await main();
