// Flags of the commands that run a model, and opening it as they say.

import { shellWord } from '@llama-ts/base';
import { llama32RopeScaling, type TokenizerData } from '@llama-ts/format';
import { availableCores, type BackendName, backendNames, MAX_THREADS } from '@llama-ts/kernels';
import { type CacheType, cacheTypes, type Model, type OpenModelOptions, openModel } from '@llama-ts/runtime';
import { Flags } from '@oclif/core';
import { backendOfEnvironment } from '../environment/chosen-kernels.js';
import { tuningOfEnvironment } from '../environment/tuning-of-environment.js';
import { userFolder } from '../environment/user-folder.js';
import { retyped } from '../failure/retyped.js';
import { kernelNotices } from '../output/kernel-notices.js';
import { withSpinner } from '../progress/with-spinner.js';
import { locateModel } from '../store/locate-model.js';
import { printNotice } from '../terminal/print-notice.js';
import { fieldHelp, numberFlag } from './answer-field-flag.js';
import { chatTemplateFlag, readChatTemplate } from './chat-template-flag.js';
import { decimal, integer } from './number-flags.js';
import { seed } from './seed-flag.js';

/** Above it answers are noise. */
const MAX_SENSIBLE_TEMPERATURE = 2;
/** Far above the base of any model. */
const MAX_ROPE_THETA = 1e12;
const OPENING = 'opening the model';
const positive = { min: 1, max: Number.MAX_SAFE_INTEGER };

/** Short names are those of the C programs. */
export const modelFlags = {
  temperature: numberFlag('temperature', { char: 't', note: 'threads are --threads' }),
  'top-p': numberFlag('topP', { char: 'p' }),
  seed: Flags.custom<bigint>({
    char: 's',
    description: `${fieldHelp('seed')}; default 0, a seed from the clock`,
    parse: seed,
  })(),
  tokenizer: Flags.string({
    char: 'z',
    description: 'read the tokenizer from a tokenizer.bin, for model files without one',
  }),
  ...chatTemplateFlag,
  context: Flags.custom<number>({
    description: "make the context N positions long; default the model's, at most 4096",
    parse: integer(positive),
  })(),
  'cache-type': Flags.string({
    description: 'store the KV cache as f32, or as f16 in half the memory; default f32',
    options: [...cacheTypes],
  }),
  threads: Flags.custom<number>({
    description: `compute on N threads, 1 to ${MAX_THREADS}; default one a core, and more are slower`,
    parse: integer({ min: 1, max: MAX_THREADS }),
  })(),
  backend: Flags.string({
    description: 'compute with these kernels; default the fastest that run here (see doctor)',
    // What runs on every machine comes first: a command without a backend's name is answered with the first.
    options: ['wasm', ...backendNames.filter((name) => name !== 'wasm')],
  }),
  mmap: Flags.boolean({
    description: 'map the model file (default); --no-mmap reads it into memory: a slower start, then faster',
    allowNo: true,
    default: true,
  }),
  'rope-theta': Flags.custom<number>({
    description: 'set the RoPE base, for plain files of unknown models; with --rope-scaling',
    dependsOn: ['rope-scaling'],
    parse: decimal({ min: 1, max: MAX_ROPE_THETA }),
  })(),
  'rope-scaling': Flags.string({
    description: "set the RoPE scaling: none, or llama3 for Llama 3.2's; with --rope-theta",
    options: ['none', 'llama3'],
    dependsOn: ['rope-theta'],
  }),
  yes: Flags.boolean({ description: 'download a model that is not here yet without asking, however large' }),
  raw: Flags.boolean({ description: 'send control characters of the answer to the terminal as they are' }),
  'reference-sampler': Flags.boolean({
    description: fieldHelp('referenceSampler'),
  }),
};

/** Flags that {@link openNamedModel} uses. */
export interface ModelChoice {
  readonly temperature?: number | undefined;
  readonly tokenizer?: string | undefined;
  readonly context?: number | undefined;
  readonly 'cache-type'?: string | undefined;
  readonly threads?: number | undefined;
  readonly backend?: string | undefined;
  readonly mmap?: boolean | undefined;
  /** Do not stop at end-of-sequence tokens; for measurements. */
  readonly ignoreEos?: boolean | undefined;
  readonly 'chat-template'?: string | undefined;
  readonly 'rope-theta'?: number | undefined;
  readonly 'rope-scaling'?: string | undefined;
  /** Whether a large download was agreed to. */
  readonly yes?: boolean | undefined;
  /** Whether nothing is to be said on stderr but failures. */
  readonly json?: boolean | undefined;
}

/**
 * Opens the model of a name, or the bundled one without a name; one that the store does not have is made first. Says on stderr
 * when its kernels are slower than they could be.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `NOT_A_MODEL`, and what openModel and makeModel throw
 */
export async function openNamedModel(
  name: string | undefined,
  choice: ModelChoice,
  signal: AbortSignal,
): Promise<Model> {
  const open = async (modelPath: string): Promise<Model> =>
    openModel(modelPath, await openOptions(modelPath, choice, signal));
  const model =
    name === undefined
      ? await withSpinner(OPENING, () => openSample(open, choice, signal))
      : await findNamedModel(name, choice, signal).then((path) => openFound(name, path, open));
  const notice = temperatureNotice(choice.temperature);
  if (notice !== null) printNotice(notice);
  const asked = { threads: choice.threads, backend: chosenBackend(choice) };
  for (const notice of kernelNotices(asked, model, availableCores())) printNotice(notice);
  return model;
}

async function openFound(name: string, path: string, open: (path: string) => Promise<Model>): Promise<Model> {
  try {
    return await withSpinner(OPENING, () => open(path));
  } catch (error) {
    // A file is opened as it is; any other name is one of the store.
    if (path === name) throw error;
    const { damagedModel } = await import('../store/damaged-model.js');
    throw damagedModel(error, name);
  }
}

/**
 * The path of the file that a name means; one that the store does not have is made first.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `NOT_A_MODEL`, and what makeModel throws
 */
export async function findNamedModel(name: string, choice: ModelChoice, signal: AbortSignal): Promise<string> {
  const found = await locateModel(name);
  switch (found.kind) {
    case 'file':
    case 'stored':
      return found.path;
    case 'unmade': {
      const { makeNamedModel } = await import('../store/make-named-model.js');
      const { yes: isAgreed = false, json: isSilent = false } = choice;
      return makeNamedModel(found, { typed: name, isAgreed, isSilent, backend: chosenBackend(choice), signal });
    }
    case 'missing': {
      const { refuseModel } = await import('../sources/refuse-model.js');
      const prompt = /\s/.test(name) ? name : 'Once upon a time';
      throw await refuseModel(name, {
        takesRepositories: true,
        others: [
          `a prompt without a model: llama run -i ${shellWord(prompt)}`,
          ...(/\.bin$/i.test(name) ? [`make it from the bundled sample model: llama export ${shellWord(name)}`] : []),
        ],
      });
    }
  }
}

/** Too high for sampling; `-t 8` means eight threads in llama.cpp. null for other temperatures. */
function temperatureNotice(temperature: number | undefined): string | null {
  if (temperature === undefined || temperature <= MAX_SENSIBLE_TEMPERATURE || !Number.isInteger(temperature))
    return null;
  return (
    `temperature ${temperature}: every token is nearly as probable as any other\n` +
    `  for ${temperature} threads, as -t means in llama.cpp: ${retyped('-t', '--threads') ?? `--threads ${temperature}`}`
  );
}

/** Settings that the two flags give for a plain file; undefined without them. */
export function statedSettings({ 'rope-theta': ropeTheta, 'rope-scaling': ropeScaling }: ModelChoice) {
  if (ropeTheta === undefined) return undefined;
  return { ropeTheta, ropeScaling: ropeScaling === 'llama3' ? llama32RopeScaling : null };
}

async function openOptions(modelPath: string, choice: ModelChoice, signal: AbortSignal): Promise<OpenModelOptions> {
  const { tokenizer, context, threads, mmap } = choice;
  const stated = statedSettings(choice);
  const settings = choice.ignoreEos ? { ...stated, eosIds: [] } : stated;
  const backend = chosenBackend(choice);
  const chatTemplate = await readChatTemplate(choice['chat-template']);
  const tuning = tuningOfEnvironment();
  const cacheFolder = userFolder('XDG_CACHE_HOME');
  return {
    signal,
    ...(tokenizer === undefined ? {} : { tokenizer: await readTokenizer(tokenizer, modelPath) }),
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
    ...(context === undefined ? {} : { context }),
    ...(choice['cache-type'] === undefined ? {} : { cacheType: choice['cache-type'] as CacheType }),
    ...(threads === undefined ? {} : { threads }),
    ...(tuning === undefined ? {} : { tuning }),
    ...(cacheFolder === null ? {} : { cacheFolder }),
    ...(mmap === undefined ? {} : { map: mmap }),
    ...(backend === undefined ? {} : { backend }),
    ...(settings === undefined ? {} : { settings }),
  };
}

/** The backend of the flag, else of the environment. */
function chosenBackend({ backend }: ModelChoice): BackendName | undefined {
  return (backend as BackendName | undefined) ?? backendOfEnvironment();
}

/** The exporter is loaded only for the sample model. */
async function openSample(
  open: (path: string) => Promise<Model>,
  choice: ModelChoice,
  signal: AbortSignal,
): Promise<Model> {
  const { sampleBin } = await import('../sources/sample-bin.js');
  const sample = await sampleBin(userFolder('XDG_CACHE_HOME'), { backend: chosenBackend(choice), signal });
  try {
    const model = await open(sample.path);
    if (sample.whyNotCached === null) return model;
    printNotice(uncachedNote(sample.whyNotCached));
    return { ...model, close: () => model.close().finally(sample.release) };
  } catch (error) {
    await sample.release();
    throw error;
  }
}

function uncachedNote({ message }: Error): string {
  return `the sample model is kept for this run only: ${message}\n  try: export XDG_CACHE_HOME=FOLDER`;
}

async function readTokenizer(path: string, modelPath: string): Promise<TokenizerData> {
  const { readTokenizerBin } = await import('../sources/read-tokenizer-bin.js');
  return readTokenizerBin(path, modelPath);
}
