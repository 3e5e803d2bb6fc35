// llama.cpp as another engine to compare with, where .ci/run or the caller has installed it.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** What is used of node-llama-cpp, which is no dependency: its types are not here either. */
interface LlamaCpp {
  loadModel(options: { modelPath: string }): Promise<LlamaCppModel>;
  dispose(): Promise<void>;
}

export interface LlamaCppModel {
  readonly tokens: { readonly bos: number | null; readonly eos: number | null; readonly eot: number | null };
  tokenize(text: string, specialTokens?: boolean): number[];
  isEogToken(token: number): boolean;
  createContext(options: Record<string, unknown>): Promise<{ getSequence(): Sequence }>;
  dispose(): Promise<void>;
}

interface Sequence {
  controlledEvaluate(
    input: readonly (readonly [token: number, options: { generateNext: { probabilities: true } }])[],
  ): Promise<readonly { next: { probabilities: Map<number, number> } }[]>;
}

const folder = process.env.NODE_LLAMA_CPP;

/** Suites that need it end their title with this. */
export const whenAbsent = folder ? '' : ' (skipped: NODE_LLAMA_CPP names no folder; .ci/run sets it)';

/** Skips the suite without an installation; an installation that does not work is a failure. */
export function needsLlamaCpp(this: Mocha.Context): void {
  this.timeout(60_000);
  if (!folder) this.skip();
}

let engine: LlamaCpp | undefined;

/** Opens a file in llama.cpp for as long as `work` takes. */
export async function withLlamaCpp<T>(modelPath: string, work: (model: LlamaCppModel) => Promise<T>): Promise<T> {
  engine ??= await startEngine();
  const model = await engine.loadModel({ modelPath });
  try {
    return await work(model);
  } finally {
    await model.dispose();
  }
}

/** Ends what {@link withLlamaCpp} started; mocha waits for it otherwise. */
export async function closeLlamaCpp(): Promise<void> {
  await engine?.dispose();
  engine = undefined;
}

async function startEngine(): Promise<LlamaCpp> {
  const entry = join(folder!, 'node_modules', 'node-llama-cpp', 'dist', 'index.js');
  if (!existsSync(entry))
    throw new Error(`NODE_LLAMA_CPP: no ${entry}, run scripts/install/install-node-llama-cpp.mjs`);
  const { getLlama } = (await import(pathToFileURL(entry).href)) as {
    getLlama(options: Record<string, unknown>): Promise<LlamaCpp>;
  };
  const options = { gpu: false, build: 'never', skipDownload: true, progressLogs: false, maxThreads: 1 };
  return getLlama({ ...options, logLevel: 'error' });
}

/** Probabilities of the token after each of `tokens`, by id; computed with a float32 cache. */
export async function llamaCppProbabilities(
  model: LlamaCppModel,
  tokens: readonly number[],
): Promise<readonly Map<number, number>[]> {
  const cache = { experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32', flashAttention: false };
  const context = await model.createContext({ contextSize: tokens.length + 1, threads: 1, ...cache });
  const next = { generateNext: { probabilities: true } } as const;
  const evaluated = await context.getSequence().controlledEvaluate(tokens.map((token) => [token, next]));
  return evaluated.map((output) => output.next.probabilities);
}
