// Generation: prefill the prompt, then sample token after token until one ends it.

import { ToolkitError } from '@llama-ts/format';
import type { KeyValueCache } from '@llama-ts/kernels';
import type { Model } from './model.js';
import { createSampler } from './sampler/sampler.js';

/** Options of {@link generate}. */
export interface GenerateOptions {
  /** New tokens at most; default what the context has room for. */
  readonly maxTokens?: number | undefined;
  /** Positions at most, prompt included, as the reference's -n counts. */
  readonly steps?: number | undefined;
  /** Default the model's, else 1; 0 takes the most probable token. */
  readonly temperature?: number | undefined;
  /** Default the model's, else 0.9. */
  readonly topP?: number | undefined;
  /** 1 to 2^64 − 1; default 1. */
  readonly seed?: bigint | number | undefined;
  /** The reference's softmax, in its order of sums. */
  readonly referenceSampler?: boolean | undefined;
  /** A cache whose first `cachedTokens` positions hold the prompt's beginning; default a new one. */
  readonly cache?: KeyValueCache | undefined;
  readonly cachedTokens?: number | undefined;
  /** Prompt tokens computed in one pass; any number gives the same bits. Default 512. */
  readonly prefillChunk?: number | undefined;
  /** Milliseconds; default performance.now. */
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Why generation ended: an end token, a limit asked for, or a full context. */
export type EndReason = 'eos' | 'length' | 'context';

/** What happens during generation. */
export type GenerateEvent =
  | { readonly type: 'prompt-end'; readonly nTokens: number; readonly nCached: number; readonly milliseconds: number }
  | { readonly type: 'token'; readonly id: number; readonly position: number; readonly text: string }
  | {
      readonly type: 'end';
      readonly reason: EndReason;
      /** The token that ended it; null unless `reason` is `eos`. */
      readonly eosId: number | null;
      /** What was left of a character cut in half. */
      readonly text: string;
      readonly nTokens: number;
      readonly milliseconds: number;
    };

const DEFAULT_PREFILL_CHUNK = 512;
/** The reference asks no model for its settings. */
const noDefaults = { doSample: null, temperature: null, topP: null };

/**
 * Continues a prompt: text, which gets the model's begin-of-text token, or token ids as they stand.
 *
 * @throws ToolkitError `CONTEXT_EXCEEDED`, `INVALID_OPTION`, `NO_TOKENIZER`; rejects with the signal's reason
 * @example for await (const event of generate(model, 'Once upon a time')) if (event.type === 'token') show(event.text);
 */
export async function* generate(
  model: Model,
  prompt: string | readonly number[],
  options: GenerateOptions = {},
): AsyncGenerator<GenerateEvent, void, void> {
  const { signal, now = () => performance.now() } = options;
  signal?.throwIfAborted();
  const tokens = typeof prompt === 'string' ? encodePrompt(model, prompt) : [...prompt];
  const room = Math.min(model.contextLength, options.cache?.seqLen ?? model.contextLength);
  checkPrompt(model, room, tokens);
  const limits = resolveLimits(room, tokens.length, options);
  const sampler = createSampler(resolveSampling(model, options), model.softmax);
  const decoder = model.tokenizer?.createDecoder({ skipSpecial: true }) ?? null;
  const cache = options.cache ?? model.createCache();
  const nCached = Math.min(resolveCached(options), tokens.length - 1);

  let start = now();
  let logits = await prefill(model, cache, tokens, nCached, options);
  yield { type: 'prompt-end', nTokens: tokens.length, nCached, milliseconds: now() - start };

  start = now();
  let reason: EndReason = limits.reason;
  let eosId: number | null = null;
  let nTokens = 0;
  for (let position = tokens.length; position < limits.end; position++) {
    signal?.throwIfAborted();
    const id = await sampler.sample(logits);
    if (model.settings.eosIds.includes(id)) {
      reason = 'eos';
      eosId = id;
      break;
    }
    nTokens++;
    yield { type: 'token', id, position, text: decoder?.push(id) ?? '' };
    // Nobody reads what would follow the last one.
    if (position + 1 < limits.end) logits = await model.forward([{ cache, position, tokens: [id] }], { signal });
  }
  yield { type: 'end', reason, eosId, text: decoder?.flush() ?? '', nTokens, milliseconds: now() - start };
}

/** Fills the cache with a prompt from position `from` and gives the logits of its last token. (vocabSize) */
async function prefill(
  model: Model,
  cache: KeyValueCache,
  tokens: readonly number[],
  from: number,
  { prefillChunk = DEFAULT_PREFILL_CHUNK, signal }: GenerateOptions,
): Promise<Float32Array> {
  if (!Number.isInteger(prefillChunk) || prefillChunk < 1) {
    throw new ToolkitError('INVALID_OPTION', `prefill chunk ${prefillChunk}, expected a whole number from 1`);
  }
  let logits: Float32Array | null = null;
  for (let position = from; position < tokens.length; position += prefillChunk) {
    const chunk = tokens.slice(position, position + prefillChunk);
    const isLast = position + chunk.length === tokens.length;
    logits = await model.forward([{ cache, position, tokens: chunk }], { logits: isLast ? 'last' : 'none', signal });
  }
  return logits!;
}

function encodePrompt({ tokenizer, settings }: Model, text: string): number[] {
  if (tokenizer === null) {
    throw new ToolkitError(
      'NO_TOKENIZER',
      'the model file holds no tokenizer, expected one to encode the prompt with',
      {
        suggestions: [
          'give the C programs’ file: llama run MODEL -z tokenizer.bin',
          'export the model with its tokenizer.json',
        ],
      },
    );
  }
  return [...(settings.bosId === null ? [] : [settings.bosId]), ...tokenizer.encode(text)];
}

function checkPrompt({ header }: Model, room: number, tokens: readonly number[]): void {
  if (tokens.length === 0) {
    throw new ToolkitError('INVALID_OPTION', 'a prompt of no tokens for a model without a begin-of-text token');
  }
  if (tokens.length > room) {
    throw new ToolkitError(
      'CONTEXT_EXCEEDED',
      `prompt of ${tokens.length} tokens, expected at most ${room}: ${tokens.length - room} too many`,
      { suggestions: [`shorten the prompt, or make room: --context ${tokens.length + 256}`] },
    );
  }
  const { vocabSize } = header.dimensions;
  const stray = tokens.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (stray !== undefined) throw new ToolkitError('INVALID_OPTION', `token ${stray}, expected ids below ${vocabSize}`);
}

function resolveCached({ cache, cachedTokens = 0 }: GenerateOptions): number {
  const nRoom = cache?.seqLen ?? 0;
  if (Number.isInteger(cachedTokens) && cachedTokens >= 0 && cachedTokens <= nRoom) return cachedTokens;
  throw new ToolkitError('INVALID_OPTION', `${cachedTokens} cached tokens, expected 0 to ${nRoom}, the cache's own`);
}

interface Limits {
  /** Position of the first token that is not generated. */
  readonly end: number;
  readonly reason: 'length' | 'context';
}

function resolveLimits(room: number, nPrompt: number, { maxTokens, steps }: GenerateOptions): Limits {
  for (const [name, value] of [
    ['max tokens', maxTokens],
    ['steps', steps],
  ] as const) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) {
      throw new ToolkitError('INVALID_OPTION', `${name} ${value}, expected a whole number from 0`);
    }
  }
  // As in the reference: 0 steps means as many as there is room for, and n positions computed show n + 1 tokens.
  const bySteps = steps === undefined || steps === 0 ? Number.POSITIVE_INFINITY : steps + 1;
  const asked = Math.min(bySteps, maxTokens === undefined ? Number.POSITIVE_INFINITY : nPrompt + maxTokens);
  return asked <= room + 1 ? { end: asked, reason: 'length' } : { end: room + 1, reason: 'context' };
}

function resolveSampling({ generationDefaults }: Model, options: GenerateOptions) {
  const { referenceSampler = false, seed = 1 } = options;
  const { doSample, temperature, topP } = referenceSampler ? noDefaults : generationDefaults;
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new ToolkitError('INVALID_OPTION', `seed ${seed}, expected a whole number from 1`);
  }
  return {
    temperature: options.temperature ?? (doSample === false ? 0 : (temperature ?? 1)),
    topP: options.topP ?? topP ?? 0.9,
    seed: BigInt(seed),
    referenceSampler,
  };
}
