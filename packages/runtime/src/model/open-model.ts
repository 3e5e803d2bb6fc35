// Opens a .bin file as a model that can be run: settings, tokenizer, weights, kernels.

import { type ByteSource, isToolkitError, type Openable, openSource, ToolkitError } from '@llama-ts/base';
import {
  assumedSettings,
  exportAgain,
  type GenerationDefaults,
  readBinFile,
  readBinHeader,
  type TokenizerData,
} from '@llama-ts/format';
import { growingRopeTable, type Kernels, openKernels, type WeightFile } from '@llama-ts/kernels';
import { checkKind, checkOptions, type OptionKind, type TableOf } from '../options/check-options.js';
import { aNumber, oneOf } from '../options/option-kinds.js';
import { cacheTypes } from '../pass/cache-type.js';
import { type ForwardContext, forward, hiddenStates, type SequenceTokens } from '../pass/forward.js';
import { type CreateCacheOptions, createKeyValueCache } from '../pass/key-value-cache.js';
import { createLastPass } from '../pass/last-pass.js';
import { createPassBuffers } from '../pass/pass-buffers.js';
import { createTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js';
import { checkContext, resolveContext } from './context-length.js';
import { createLock } from './lock.js';
import { isOutOfMemory, passTooLarge, weightsTooLarge } from './memory-limit.js';
import type { Model } from './model.js';
import { modelChecksum } from './model-checksum.js';
import { createModelLifetime, withEitherSignal } from './model-lifetime.js';
import { describeAssumptions, modelSettings } from './model-settings.js';
import { type OpenModelOptions, openModelOptions, settingsTable } from './open-model-options.js';
import { readWeights, withGroupMaxima } from './weights.js';

const somethingToOpen: OptionKind = {
  expected: 'a path, a Blob or a source of bytes',
  accepts(value) {
    const { slice, readInto } = (value ?? {}) as { readonly slice?: unknown; readonly readInto?: unknown };
    return typeof value === 'string' || (typeof value === 'object' && [slice, readInto].some(isFunction));
  },
};

const createCacheOptions: TableOf<CreateCacheOptions> = { type: oneOf(cacheTypes), positions: aNumber };

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
 * @param from a path, a Blob (a browser's File is one), or a source of bytes, which must stay open while the model is
 * @throws ToolkitError `FILE_NOT_FOUND`, `NOT_A_MODEL`, `BAD_HEADER`, `BAD_LENGTH`, `BAD_TRAILER`, `SETTINGS_UNKNOWN`,
 *   `INVALID_OPTION`, `BACKEND_UNAVAILABLE`
 * @example const model = await openModel('model.bin', { context: 2048 });
 */
export async function openModel(from: Openable, options: OpenModelOptions = {}): Promise<Model> {
  checkOptions('openModel', options, openModelOptions);
  if (options.settings !== undefined) checkOptions('the settings of openModel', options.settings, settingsTable);
  checkKind('model', from ?? null, somethingToOpen);
  options.signal?.throwIfAborted();
  const source = await openSource(from);
  try {
    return await openBin(source, from, options);
  } finally {
    await source.close();
  }
}

/**
 * Opens both at the same time: pages are mapped while the file is checked, and a damaged file is refused before its
 * weights are read.
 */
async function openFileAndWeights(source: ByteSource, from: Openable, kernels: Kernels, options: OpenModelOptions) {
  const refused = new AbortController();
  const opening = kernels.openWeights(from, {
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

async function openBin(source: ByteSource, from: Openable, options: OpenModelOptions): Promise<Model> {
  const { name } = source;
  const { dimensions, version } = await readBinHeader(source);
  const contextLength = resolveContext(options.context, dimensions.maxSeqLen);
  const cacheType = options.cacheType ?? 'f32';
  const kernels = await openKernels({
    ...(options.backend === undefined ? {} : { backend: options.backend }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
    ...(options.tuning === undefined ? {} : { tuning: options.tuning }),
    ...(options.cacheFolder === undefined ? {} : { cacheFolder: options.cacheFolder }),
  });
  const weights = { path: name, version, byteLength: source.byteLength };
  let weightFile: WeightFile | undefined;
  try {
    const { opened, file } = await openFileAndWeights(source, from, kernels, options);
    weightFile = opened;
    const assumed = file.trailer === null ? assumedSettings(dimensions) : null;
    const tokenizer = openTokenizer(file.trailer?.tokenizer ?? options.tokenizer, dimensions.vocabSize, name);
    const chatTemplate = options.chatTemplate ?? file.trailer?.description.chatTemplate ?? null;
    const settings = modelSettings({ name, file, assumed, options, tokenizer, chatTemplate });
    const { allocate } = kernels;
    const headDim = dimensions.dim / dimensions.nHeads;
    const context: ForwardContext = {
      kernels,
      weights: await withGroupMaxima(await readWeights(file, opened), kernels, options.signal),
      rope: growingRopeTable({
        headDim,
        seqLen: contextLength,
        theta: settings.ropeTheta,
        scaling: settings.ropeScaling,
        allocate,
      }),
      headDim,
      normEpsilon: settings.normEpsilon,
      buffersFor: createPassBuffers(dimensions, allocate),
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
    const pass = (
      batch: readonly SequenceTokens[],
      signal: AbortSignal | undefined,
      work: (signal: AbortSignal) => Promise<Float32Array>,
    ): Promise<Float32Array> =>
      lifetime.pass(async (either) => {
        try {
          return await work(either);
        } catch (error) {
          if (!isOutOfMemory(error)) throw withRemedy(error, name, file.header.version);
          const nTokens = batch.reduce((sum, { tokens }) => sum + tokens.length, 0);
          throw passTooLarge(nTokens, allocate, error);
        }
      }, signal);
    let checksum: Uint8Array | undefined;
    return {
      path: name,
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
      rowCost: kernels.rowCost,
      tuning: kernels.tuning,
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
        return createKeyValueCache(dimensions, { type, positions, weights }, allocate);
      },
      async checksum(signal) {
        closed.throwIfAborted();
        checksum ??= await withEitherSignal(closed, signal, (either) => modelChecksum(from, file, settings, either));
        return checksum;
      },
      forward: (batch, { signal, ...forwardOptions } = {}) =>
        pass(batch, signal, (either) => forward(context, batch, { ...forwardOptions, signal: either })),
      hiddenStates: (batch, { signal } = {}) => pass(batch, signal, (either) => hiddenStates(context, batch, either)),
      withLock: createLock(closed),
      closed,
      close: lifetime.close,
    };
  } catch (error) {
    await weightFile?.close();
    await kernels.close();
    if (isOutOfMemory(error)) throw weightsTooLarge(weights, error);
    throw error;
  }
}

function openTokenizer(data: TokenizerData | null | undefined, vocabSize: number, name: string): Tokenizer | null {
  if (data === null || data === undefined) return null;
  const tokenizer = createTokenizer(data);
  if (tokenizer.nTokens === vocabSize) return tokenizer;
  throw new ToolkitError(
    'BAD_TOKENIZER',
    `${name}: tokenizer of ${tokenizer.nTokens} tokens, expected ${vocabSize} as the model's vocabulary`,
  );
}

/** Weights of which a pass makes no numbers are damaged. */
function withRemedy(error: unknown, name: string, version: number): unknown {
  if (!isToolkitError(error) || error.code !== 'NON_FINITE') return error;
  return new ToolkitError(error.code, `${name}: ${error.message}`, {
    suggestions: [`the weights are damaged, export them again: ${exportAgain(name, version)}`],
    cause: error,
  });
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
