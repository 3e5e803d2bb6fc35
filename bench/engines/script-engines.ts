// The engines that run in Node: this toolkit by its API, its command line, node-llama-cpp, and the read ceiling.

import { fileURLToPath } from 'node:url';
import type { BenchCase, EngineKind } from '../cases.js';
import type { ModelFiles } from '../model/prepare-files.js';
import type { Engine, Sample, Workload } from './engine.js';
import { runProgram } from './run-program.js';

const CLI = fileURLToPath(new URL('../../packages/cli/bin/run.js', import.meta.url));
/** A few tokens for any tokenizer. */
const SHORT_TEXT = 'Once upon a time there was a';

/** What the programs of this folder print. */
interface Measurement {
  readonly promptSeconds: number;
  readonly generateSeconds: number;
  /** Milliseconds since the epoch. */
  readonly firstTokenAt: number;
  readonly peakResidentBytes: number;
  /** The backend of this toolkit. */
  readonly backend?: string;
}

/** The cases of `llama-ts-engine.mjs`, and its names for them. */
const engineTasks: Readonly<Record<EngineKind, string>> = {
  together: 'together',
  join: 'join',
  'lookup-repeat': 'repeat',
  'lookup-new': 'new',
};

/** This toolkit through its public API; `backend` forces one. */
export function llamaTs(backend?: string): Engine {
  return {
    name: 'llama3.2.ts',
    supports: () => true,
    run: (benchCase, threads, files) => runLlamaTs(benchCase, threads, files, backend, true),
  };
}

/** The same with the weights read into memory. */
export function llamaTsNoMap(backend?: string): Engine {
  return {
    name: 'llama3.2.ts, no map',
    supports: ({ kind, wasm }) => kind === 'decode' && !wasm,
    run: (benchCase, threads, files) => runLlamaTs(benchCase, threads, files, backend, false),
  };
}

/** This toolkit by its command, as a user starts it. */
export function llamaRun(backend?: string): Engine {
  return {
    name: 'llama3.2.ts, llama run',
    supports: ({ kind }) => kind === 'first-token',
    run: async (_, threads, files) => {
      const options = ['--no-echo', '-t', '0', '--max-tokens', '1', '--threads', String(threads)];
      const chosen = backend === undefined ? [] : ['--backend', backend];
      const { firstByteSeconds, peakResidentBytes } = await runProgram(process.execPath, [
        ...[CLI, 'run', files.q8, SHORT_TEXT],
        ...options,
        ...chosen,
      ]);
      return { firstTokenSeconds: firstByteSeconds, peakResidentBytes };
    },
  };
}

/** llama.cpp through node-llama-cpp, installed in `folder`. */
export function nodeLlamaCpp(folder: string): Engine {
  return {
    name: 'node-llama-cpp',
    supports: ({ kind, weights }) => weights === 'q8_0' && (kind === 'together' || !isEngineKind(kind)),
    run: (benchCase, threads, files) =>
      runScript('node-llama-cpp.mjs', benchCase, { program: folder, model: files.gguf, threads }),
  };
}

/** Tokens per second if reading the weights once per token were all there is to do. */
export const readCeiling: Engine = {
  name: 'read ceiling',
  supports: ({ kind, sequences }) => kind === 'decode' && sequences === 1,
  run: async ({ weights }, threads, files) => {
    const { bytesPerSecond } = await printedBy<{ bytesPerSecond: number }>('read-ceiling.mjs', { threads });
    return { tokensPerSecond: bytesPerSecond / (weights === 'f32' ? files.float32WeightBytes : files.q8WeightBytes) };
  },
};

function runLlamaTs(
  benchCase: BenchCase,
  threads: number,
  files: ModelFiles,
  backend: string | undefined,
  map: boolean,
): Promise<Sample> {
  const chosen = benchCase.wasm ? 'wasm' : backend;
  const model = benchCase.weights === 'f32' ? files.float32 : files.q8;
  const where = { model, threads, map, ...(chosen === undefined ? {} : { backend: chosen }) };
  if (isEngineKind(benchCase.kind)) return runEngine(benchCase.kind, benchCase, where);
  return runScript('llama-ts.mjs', benchCase, where);
}

/** What it measures is compared with plain decoding in the same process, so that a busy spell hits both. */
async function runEngine(kind: EngineKind, benchCase: BenchCase, where: object): Promise<Sample> {
  const { promptLength, generateLength, sequences } = benchCase;
  const workload = { ...where, task: engineTasks[kind], promptLength, generateLength, sequences };
  const { startedAt: _, ...sample } = await printedBy<Sample>('llama-ts-engine.mjs', workload);
  return sample;
}

function isEngineKind(kind: string): kind is EngineKind {
  return Object.hasOwn(engineTasks, kind);
}

async function runScript(
  script: string,
  benchCase: BenchCase,
  where: Pick<Workload, 'program' | 'model' | 'threads' | 'backend' | 'map'>,
): Promise<Sample> {
  const { kind, promptLength, generateLength, sequences } = benchCase;
  const workload: Workload = { ...where, promptLength, generateLength, sequences, warmUp: kind !== 'first-token' };
  const measured = await printedBy<Measurement>(script, workload);
  const backend = measured.backend === undefined ? {} : { backend: measured.backend };
  if (kind === 'first-token') {
    const firstTokenSeconds = (measured.firstTokenAt - measured.startedAt) / 1000;
    return { firstTokenSeconds, peakResidentBytes: measured.peakResidentBytes, ...backend };
  }
  const tokensPerSecond =
    kind === 'prefill'
      ? promptLength / measured.promptSeconds
      : (sequences * (generateLength - 1)) / measured.generateSeconds;
  return { tokensPerSecond, ...backend };
}

/** Runs a program of this folder; what it prints last is JSON. */
async function printedBy<T>(script: string, argument: object): Promise<T & { startedAt: number }> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout, startedAt } = await runProgram(process.execPath, [path, JSON.stringify(argument)]);
  return { ...JSON.parse(stdout.trim().split('\n').at(-1)!), startedAt };
}
