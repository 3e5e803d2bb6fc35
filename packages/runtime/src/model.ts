// Opens a .bin file as a model that can be run: settings, tokenizer, weights, kernels.

import {
  type AssumedSettings,
  assumedSettings,
  type BinFile,
  type BinHeader,
  type BoundaryTokens,
  type ByteSource,
  exportAgain,
  type ForwardSettings,
  type GenerationDefaults,
  isToolkitError,
  type ModelDescription,
  openFile,
  readBinFile,
  readBinHeader,
  type TokenizerData,
  ToolkitError,
} from '@llama-ts/format';
import {
  type BackendName,
  growingRopeTable,
  type Kernels,
  type KeyValueCache,
  openKernels,
  type WeightFile,
} from '@llama-ts/kernels';
import { bosTokenOf } from './bos-token.js';
import { type CacheType, cacheTypes } from './cache-type.js';
import { checkKind, checkOptions, type OptionKind, type TableOf } from './check-options.js';
import { type ForwardContext, type ForwardOptions, forward, type SequenceTokens } from './forward.js';
import { type CreateCacheOptions, createKeyValueCache } from './key-value-cache.js';
import { createLastPass } from './last-pass.js';
import { isOutOfMemory, passTooLarge, weightsTooLarge } from './memory-limit.js';
import { modelChecksum } from './model-checksum.js';
import { createModelLifetime, withEitherSignal } from './model-lifetime.js';
import { aBoolean, aNumber, anObject, aSignal, aString, count, either, ids, oneOf } from './option-kinds.js';
import { createScratchPool } from './scratch.js';
import { createTokenizer, type Tokenizer } from './tokenizer/tokenizer.js';
import { findTurnEnd } from './turn-end.js';
import { createTurns } from './turns.js';
import { readWeights, withGroupMaxima } from './weights.js';

/** Positions there is room for unless asked otherwise: 131,072 of Llama 3.2 1B would take 8 GiB. */
export const DEFAULT_CONTEXT = 4096;

/** Options of {@link openModel}. */
export interface OpenModelOptions {
  /** Positions to make room for; default the smaller of the model's and {@link DEFAULT_CONTEXT}. */
  readonly context?: number;
  /** What key/value caches hold: `f32` (default), or `f16` in half the memory, rounded as docs/arithmetic.md says. */
  readonly cacheType?: CacheType;
  readonly backend?: BackendName;
  readonly threads?: number;
  /** false reads the weights into memory instead of mapping the file. */
  readonly map?: boolean;
  /** For files that hold none. */
  readonly tokenizer?: TokenizerData;
  /** Jinja source; takes the place of the file's chat template. */
  readonly chatTemplate?: string;
  /** Take the place of what the file says or what is assumed. */
  readonly settings?: Partial<ForwardSettings & BoundaryTokens>;
  readonly signal?: AbortSignal;
}

const aNull: OptionKind = { expected: 'null', accepts: (value) => value === null };
const aboveZero: OptionKind = {
  expected: 'a number above 0',
  accepts: (value) => Number.isFinite(value) && (value as number) > 0,
};
const scalingFields = ['factor', 'lowFreqFactor', 'highFreqFactor', 'originalMaxPositionEmbeddings'];

const settingsTable: TableOf<ForwardSettings & BoundaryTokens> = {
  ropeTheta: aboveZero,
  ropeScaling: {
    expected: `null or an object with ${scalingFields.join(', ')}, numbers above 0`,
    accepts: (value) =>
      value === null ||
      (anObject.accepts(value) &&
        scalingFields.every((name) => aboveZero.accepts((value as Record<string, unknown>)[name]))),
  },
  normEpsilon: aboveZero,
  bosId: either(count, aNull),
  eosIds: ids,
  prefixIds: ids,
  suffixIds: ids,
};

const openModelOptions: TableOf<OpenModelOptions> = {
  context: aNumber,
  cacheType: oneOf(cacheTypes),
  backend: aString,
  threads: aNumber,
  map: aBoolean,
  tokenizer: anObject,
  chatTemplate: aString,
  settings: anObject,
  signal: aSignal,
};
const createCacheOptions: TableOf<CreateCacheOptions> = { type: oneOf(cacheTypes), positions: aNumber };

/** A model ready to run. */
export interface Model {
  /** Of its file. */
  readonly path: string;
  readonly header: BinHeader;
  readonly settings: ForwardSettings & BoundaryTokens;
  /** What the file's trailer says; null for a plain file. */
  readonly description: ModelDescription | null;
  /** What was taken for granted because the file does not say it, one sentence each. */
  readonly assumptions: readonly string[];
  readonly tokenizer: Tokenizer | null;
  readonly chatTemplate: string | null;
  /** Other chat templates by their names, such as `tool_use` and `rag`. */
  readonly namedTemplates: Readonly<Record<string, string>>;
  /** Special tokens by the variables of a template, where the file says them. */
  readonly templateTokens: Readonly<Record<string, string>>;
  readonly generationDefaults: GenerationDefaults;
  /** Positions a sequence may take. */
  readonly contextLength: number;
  readonly backend: BackendName;
  readonly threads: number;
  /** The kernels' part of sampling: softmax(logits / temperature), both (vocabSize). */
  softmax(logits: Float32Array, temperature: number): Promise<Float32Array>;
  /** A key/value cache for one sequence. @throws ToolkitError `INVALID_OPTION` */
  createCache(options?: CreateCacheOptions): KeyValueCache;
  /**
   * sha256 (32) that tells this model's keys and values from any other's: its weights and forward settings. A plain
   * file is read through for it, once.
   */
  checksum(signal?: AbortSignal): Promise<Uint8Array>;
  /** Runs tokens through the model. @throws ToolkitError `MODEL_BUSY` while another pass is under way */
  forward(batch: readonly SequenceTokens[], options?: ForwardOptions): Promise<Float32Array>;
  /**
   * Does work of several calls, such as a pass and sampling from its logits, when nobody else's is under way. Everything
   * here that generates takes turns this way; a program's own passes must too when they may meet.
   */
  turn<T>(work: () => Promise<T>): Promise<T>;
  /** Aborted by `close`, with `MODEL_CLOSED` as its reason. */
  readonly closed: AbortSignal;
  /**
   * Closes the model: ends the pass under way and waits for it. Answers under way, on engines and in chats too, reject with
   * `MODEL_CLOSED`, and so does every later call that needs weights or kernels. A second call waits for the first.
   */
  close(): Promise<void>;
}

const noDefaults: GenerationDefaults = {
  doSample: null,
  temperature: null,
  topP: null,
  topK: null,
  repetitionPenalty: null,
};

/**
 * Opens a .bin file of any version.
 *
 * @throws ToolkitError `FILE_NOT_FOUND`, `NOT_A_MODEL`, `BAD_HEADER`, `BAD_LENGTH`, `BAD_TRAILER`, `SETTINGS_UNKNOWN`,
 *   `INVALID_OPTION`, `BACKEND_UNAVAILABLE`
 * @example const model = await openModel('model.bin', { context: 2048 });
 */
export async function openModel(path: string, options: OpenModelOptions = {}): Promise<Model> {
  checkOptions('openModel', options, openModelOptions);
  if (options.settings !== undefined) checkOptions('the settings of openModel', options.settings, settingsTable);
  checkKind('path', path ?? null, aString);
  options.signal?.throwIfAborted();
  const source = await openFile(path);
  try {
    return await openBin(source, path, options);
  } finally {
    await source.close();
  }
}

/** At once: a map's pages are made present meanwhile, and a damaged file is refused before its weights have been read. */
async function openFileAndWeights(source: ByteSource, path: string, kernels: Kernels, options: OpenModelOptions) {
  const refused = new AbortController();
  const opening = kernels.openWeights(path, {
    ...(options.map === undefined ? {} : { map: options.map }),
    signal: AbortSignal.any([refused.signal, ...(options.signal === undefined ? [] : [options.signal])]),
  });
  const [opened, file] = await Promise.allSettled([
    opening,
    readBinFile(source).catch((error: unknown) => {
      refused.abort();
      throw error;
    }),
  ]);
  if (file.status === 'fulfilled' && opened.status === 'fulfilled') return { opened: opened.value, file: file.value };
  if (opened.status === 'fulfilled') await opened.value.close();
  throw file.status === 'rejected' ? file.reason : (opened as PromiseRejectedResult).reason;
}

async function openBin(source: ByteSource, path: string, options: OpenModelOptions): Promise<Model> {
  const { dimensions, version } = await readBinHeader(source);
  const contextLength = resolveContext(options.context, dimensions.maxSeqLen);
  const cacheType = options.cacheType ?? 'f32';
  const kernels = await openKernels({
    ...(options.backend === undefined ? {} : { backend: options.backend }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  let weightFile: WeightFile | undefined;
  try {
    const { opened, file } = await openFileAndWeights(source, path, kernels, options);
    weightFile = opened;
    const assumed = file.trailer === null ? assumedSettings(dimensions) : null;
    const tokenizer = openTokenizer(file.trailer?.tokenizer ?? options.tokenizer, dimensions.vocabSize, path);
    const chatTemplate = options.chatTemplate ?? file.trailer?.description.chatTemplate ?? null;
    const said = resolveSettings(file, assumed, options, path);
    const settings =
      options.settings?.eosIds === undefined
        ? withTurnEnd(said, tokenizer, chatTemplate, file.trailer?.description.templateTokens)
        : said;
    const { allocate } = kernels;
    const headDim = dimensions.dim / dimensions.nHeads;
    const context: ForwardContext = {
      kernels,
      weights: await withGroupMaxima(readWeights(file, opened), kernels, options.signal),
      rope: growingRopeTable({
        headDim,
        seqLen: contextLength,
        theta: settings.ropeTheta,
        scaling: settings.ropeScaling,
        allocate,
      }),
      headDim,
      normEpsilon: settings.normEpsilon,
      scratch: createScratchPool(dimensions, allocate),
      lastPass: createLastPass(kernels),
    };
    const probabilities = allocate.float32(dimensions.vocabSize);
    const lifetime = createModelLifetime(async () => {
      try {
        await opened.close();
      } finally {
        await kernels.close();
      }
    });
    const { closed } = lifetime;
    let checksum: Uint8Array | undefined;
    return {
      path,
      header: file.header,
      settings,
      description: file.trailer?.description ?? null,
      assumptions: describeAssumptions(assumed, settings),
      tokenizer,
      chatTemplate,
      // A template that the caller gives is the only one.
      namedTemplates: options.chatTemplate === undefined ? (file.trailer?.description.namedTemplates ?? {}) : {},
      templateTokens: file.trailer?.description.templateTokens ?? {},
      generationDefaults: file.trailer?.description.generation ?? noDefaults,
      contextLength,
      backend: kernels.backend,
      threads: kernels.threads,
      softmax: (logits, temperature) =>
        lifetime.pass(async () => {
          kernels.softmax(probabilities, logits, dimensions.vocabSize, temperature);
          await kernels.run();
          return probabilities;
        }),
      createCache(cacheOptions = {}) {
        checkOptions('createCache', cacheOptions, createCacheOptions);
        const { type = cacheType, positions = contextLength } = cacheOptions;
        closed.throwIfAborted();
        checkContext(positions, contextLength);
        return createKeyValueCache(dimensions, { type, positions }, allocate);
      },
      async checksum(signal) {
        closed.throwIfAborted();
        checksum ??= await withEitherSignal(closed, signal, (either) => modelChecksum(path, file, settings, either));
        return checksum;
      },
      forward: (batch, { signal, ...forwardOptions } = {}) =>
        lifetime.pass(async (either) => {
          try {
            return await forward(context, batch, { ...forwardOptions, signal: either });
          } catch (error) {
            if (!isOutOfMemory(error)) throw withRemedy(error, path, file.header.version);
            throw passTooLarge(
              batch.reduce((sum, { tokens }) => sum + tokens.length, 0),
              error,
            );
          }
        }, signal),
      turn: createTurns(closed),
      closed,
      close: lifetime.close,
    };
  } catch (error) {
    await weightFile?.close();
    await kernels.close();
    if (isOutOfMemory(error)) throw weightsTooLarge(path, source.byteLength, version, error);
    throw error;
  }
}

function openTokenizer(data: TokenizerData | null | undefined, vocabSize: number, path: string): Tokenizer | null {
  if (data === null || data === undefined) return null;
  const tokenizer = createTokenizer(data);
  if (tokenizer.nTokens === vocabSize) return tokenizer;
  throw new ToolkitError(
    'BAD_TOKENIZER',
    `${path}: tokenizer of ${tokenizer.nTokens} tokens, expected ${vocabSize} as the model's vocabulary`,
  );
}

/** Files of older versions and of some fine-tunes do not name what the template ends an answer with. */
function withTurnEnd(
  settings: ForwardSettings & BoundaryTokens,
  tokenizer: Tokenizer | null,
  chatTemplate: string | null,
  templateTokens: Readonly<Record<string, string>> | undefined,
): ForwardSettings & BoundaryTokens {
  if (tokenizer === null || chatTemplate === null) return settings;
  const bosToken = bosTokenOf({ tokenizer, settings });
  const id = findTurnEnd(tokenizer, chatTemplate, {
    templateTokens: { ...(bosToken === undefined ? {} : { bos_token: bosToken }), ...templateTokens },
  });
  const isNew = id !== null && id !== settings.bosId && !settings.eosIds.includes(id);
  return isNew ? { ...settings, eosIds: [...settings.eosIds, id] } : settings;
}

function resolveSettings(
  file: BinFile,
  assumed: AssumedSettings | null,
  { settings = {} }: OpenModelOptions,
  path: string,
): ForwardSettings & BoundaryTokens {
  const stated = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const known: Partial<ForwardSettings & BoundaryTokens> = {
    ...(file.trailer?.description ?? assumed ?? {}),
    ...stated,
  };
  const { ropeTheta, ropeScaling, normEpsilon, bosId, eosIds, prefixIds, suffixIds } = known;
  if (ropeTheta === undefined || ropeScaling === undefined) {
    const { dim, nLayers, vocabSize } = file.header.dimensions;
    throw new ToolkitError(
      'SETTINGS_UNKNOWN',
      `${path}: a plain file of dim ${dim}, ${nLayers} layers and ${vocabSize} tokens is no published Llama 3 model, ` +
        'and the file does not hold the RoPE base and scaling',
      {
        suggestions: [
          'state them: --rope-theta 500000 --rope-scaling none',
          `export it again, with what the file lacks: ${exportAgain(path)}`,
        ],
      },
    );
  }
  return {
    ropeTheta,
    ropeScaling,
    normEpsilon: normEpsilon ?? 1e-5,
    bosId: bosId ?? null,
    eosIds: eosIds ?? [],
    ...(prefixIds === undefined ? {} : { prefixIds }),
    ...(suffixIds === undefined ? {} : { suffixIds }),
  };
}

function describeAssumptions(assumed: AssumedSettings | null, settings: ForwardSettings): string[] {
  if (assumed === null) return [];
  const scaling = settings.ropeScaling === null ? 'no scaling' : `llama3 scaling by ${settings.ropeScaling.factor}`;
  return [
    `the file holds no settings; its dimensions are those of ${assumed.preset}`,
    `RoPE base ${settings.ropeTheta} with ${scaling}, norm epsilon ${settings.normEpsilon}`,
  ];
}

function resolveContext(requested: number | undefined, maxSeqLen: number): number {
  if (requested === undefined) return Math.min(maxSeqLen, DEFAULT_CONTEXT);
  checkContext(requested, maxSeqLen);
  return requested;
}

function checkContext(requested: number, most: number): void {
  if (Number.isInteger(requested) && requested >= 1 && requested <= most) return;
  throw new ToolkitError('INVALID_OPTION', `context ${requested}, expected 1 to ${most}, the model's own`, {
    suggestions: [`--context ${most}`],
  });
}

/** Weights of which a pass makes no numbers are damaged. */
function withRemedy(error: unknown, path: string, version: number): unknown {
  if (!isToolkitError(error) || error.code !== 'NON_FINITE') return error;
  return new ToolkitError(error.code, `${path}: ${error.message}`, {
    suggestions: [`the weights are damaged, export them again: ${exportAgain(path, version)}`],
    cause: error,
  });
}
