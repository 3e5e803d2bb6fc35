// Flags of the commands that run a model, and opening it as they say.

import type { TokenizerData } from '@llama-ts/format';
import { availableCores, type BackendName, backendNames, MAX_THREADS } from '@llama-ts/kernels';
import { type CacheType, cacheTypes, type Model, type OpenModelOptions, openModel } from '@llama-ts/runtime';
import { Flags } from '@oclif/core';
import { chatTemplateFlag, readChatTemplate } from './chat-template-flag.js';
import { checkModelFile } from './check-model-file.js';
import { backendOfEnvironment } from './chosen-kernels.js';
import { kernelNotices } from './kernel-notices.js';
import { decimal, integer } from './number-flags.js';
import { seed } from './seed-flag.js';
import { shellWord } from './shell-words.js';
import { visible } from './terminal-safe.js';
import { userFolder } from './user-folder.js';
import { withSpinner } from './with-spinner.js';

/** Far above where sampling is uniform. */
const MAX_TEMPERATURE = 1000;
/** Far above the base of any model. */
const MAX_ROPE_THETA = 1e12;
/** Of every Llama 3.2. @see its config.json, rope_scaling */
const LLAMA32_SCALING = { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 8192 };
const positive = { min: 1, max: Number.MAX_SAFE_INTEGER };

/** Short names are those of the C programs. */
export const modelFlags = {
  temperature: Flags.custom<number>({
    char: 't',
    description: "0 takes the most probable token; default the model's, else 1.0",
    parse: decimal({ min: 0, max: MAX_TEMPERATURE }),
  })(),
  'top-p': Flags.custom<number>({
    char: 'p',
    description: "probability mass to sample from; default the model's, else 0.9",
    parse: decimal({ min: 0, max: 1 }),
  })(),
  seed: Flags.custom<bigint>({
    char: 's',
    description: 'of the random numbers: 1 to 2^64 - 1; 0, the default, takes it from the clock',
    parse: seed,
  })(),
  tokenizer: Flags.string({ char: 'z', description: 'tokenizer.bin, for files that hold no tokenizer' }),
  ...chatTemplateFlag,
  context: Flags.custom<number>({
    description: "positions to make room for; default the smaller of the model's and 4096",
    parse: integer(positive),
  })(),
  'cache-type': Flags.string({
    description: 'what keys and values are kept as: f32, or f16 in half the memory; default f32',
    options: [...cacheTypes],
  }),
  threads: Flags.custom<number>({
    description: `threads that compute, up to ${MAX_THREADS}; default one a core, more are slower`,
    parse: integer({ min: 1, max: MAX_THREADS }),
  })(),
  backend: Flags.string({
    description: 'kernels to use; default the fastest here (see doctor)',
    options: [...backendNames],
  }),
  mmap: Flags.boolean({
    description: 'map the model file, the default; --no-mmap reads it into memory: a slower start, then faster',
    allowNo: true,
    default: true,
  }),
  'rope-theta': Flags.custom<number>({
    description: 'base of the rotary embedding, for plain files of unknown models; with --rope-scaling',
    dependsOn: ['rope-scaling'],
    parse: decimal({ min: 1, max: MAX_ROPE_THETA }),
  })(),
  'rope-scaling': Flags.string({
    description: "its scaling: none, or llama3 for Llama 3.2's",
    options: ['none', 'llama3'],
    dependsOn: ['rope-theta'],
  }),
  raw: Flags.boolean({ description: 'send control characters of the output to the terminal as they are' }),
  'reference-sampler': Flags.boolean({
    description: "the C programs' defaults and sums, which choose their tokens for a seed",
  }),
};

/** What {@link openNamedModel} goes by. */
export interface ModelChoice {
  readonly tokenizer?: string | undefined;
  readonly context?: number | undefined;
  readonly 'cache-type'?: string | undefined;
  readonly threads?: number | undefined;
  readonly backend?: string | undefined;
  readonly mmap?: boolean | undefined;
  /** Generate on whatever the model says; for measurements. */
  readonly ignoreEos?: boolean | undefined;
  readonly 'chat-template'?: string | undefined;
  readonly 'rope-theta'?: number | undefined;
  readonly 'rope-scaling'?: string | undefined;
}

/**
 * Opens the model of a path, or the bundled one without a path; says on stderr when its kernels are slower than they could be.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `NOT_A_MODEL`, and what openModel throws
 */
export async function openNamedModel(
  path: string | undefined,
  choice: ModelChoice,
  signal: AbortSignal,
): Promise<Model> {
  if (path !== undefined) {
    const prompt = /\s/.test(path) ? path : 'Once upon a time';
    await checkModelFile(path, {
      others: [
        `a prompt without a model: llama run -i ${shellWord(prompt)}`,
        ...(/\.bin$/i.test(path) ? [`make it of the bundled sample model: llama export ${shellWord(path)}`] : []),
      ],
    });
  }
  const open = async (modelPath: string): Promise<Model> =>
    openModel(modelPath, await openOptions(modelPath, choice, signal));
  const model = await withSpinner('opening the model', () =>
    path === undefined ? openSample(open, choice, signal) : open(path),
  );
  const asked = { threads: choice.threads, backend: chosenBackend(choice) };
  for (const notice of kernelNotices(asked, model, availableCores())) process.stderr.write(`${notice}\n`);
  return model;
}

/** What the two flags say of a plain file; undefined without them. */
export function statedSettings({ 'rope-theta': ropeTheta, 'rope-scaling': ropeScaling }: ModelChoice) {
  if (ropeTheta === undefined) return undefined;
  return { ropeTheta, ropeScaling: ropeScaling === 'llama3' ? LLAMA32_SCALING : null };
}

async function openOptions(modelPath: string, choice: ModelChoice, signal: AbortSignal): Promise<OpenModelOptions> {
  const { tokenizer, context, threads, mmap } = choice;
  const stated = statedSettings(choice);
  const settings = choice.ignoreEos ? { ...stated, eosIds: [] } : stated;
  const backend = chosenBackend(choice);
  const chatTemplate = await readChatTemplate(choice['chat-template']);
  return {
    signal,
    ...(tokenizer === undefined ? {} : { tokenizer: await readTokenizer(tokenizer, modelPath) }),
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
    ...(context === undefined ? {} : { context }),
    ...(choice['cache-type'] === undefined ? {} : { cacheType: choice['cache-type'] as CacheType }),
    ...(threads === undefined ? {} : { threads }),
    ...(mmap === undefined ? {} : { map: mmap }),
    ...(backend === undefined ? {} : { backend }),
    ...(settings === undefined ? {} : { settings }),
  };
}

/** What the flag says, else the environment. */
function chosenBackend({ backend }: ModelChoice): BackendName | undefined {
  return (backend as BackendName | undefined) ?? backendOfEnvironment();
}

/** The exporter is loaded only for the sample model. */
async function openSample(
  open: (path: string) => Promise<Model>,
  choice: ModelChoice,
  signal: AbortSignal,
): Promise<Model> {
  const { sampleBin } = await import('./sample-bin.js');
  const sample = await sampleBin(userFolder('XDG_CACHE_HOME'), { backend: chosenBackend(choice), signal });
  try {
    const model = await open(sample.path);
    if (sample.whyNotCached === null) return model;
    process.stderr.write(visible(uncachedNote(sample.whyNotCached)));
    return { ...model, close: () => model.close().finally(sample.release) };
  } catch (error) {
    await sample.release();
    throw error;
  }
}

function uncachedNote({ message }: Error): string {
  return `the sample model is kept for this run only: ${message}\n  try: export XDG_CACHE_HOME=/a/folder/of/yours\n`;
}

async function readTokenizer(path: string, modelPath: string): Promise<TokenizerData> {
  const { readTokenizerBin } = await import('./read-tokenizer-bin.js');
  return readTokenizerBin(path, modelPath);
}
