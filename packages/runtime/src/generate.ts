// Generation: prefill the prompt, then pass after pass until the answer ends.

import { ToolkitError } from '@llama-ts/format';
import type { KeyValueCache } from '@llama-ts/kernels';
import { type AnswerOptions, createAnswer, type EndEvent, type TokenEvent } from './answer.js';
import type { Model } from './model.js';

/** Options of {@link generate}. */
export interface GenerateOptions extends AnswerOptions {
  /** A cache whose first `cachedTokens` positions hold the prompt's beginning; default a new one. */
  readonly cache?: KeyValueCache | undefined;
  readonly cachedTokens?: number | undefined;
  /** Prompt tokens computed in one pass; any number gives the same bits. Default 512. */
  readonly prefillChunk?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What happens during generation. */
export type GenerateEvent =
  | { readonly type: 'prompt-end'; readonly nTokens: number; readonly nCached: number; readonly milliseconds: number }
  | TokenEvent
  | EndEvent;

const DEFAULT_PREFILL_CHUNK = 512;

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
  const answer = createAnswer(model, tokens, { ...options, room });
  const cache = options.cache ?? model.createCache();
  const nCached = Math.min(resolveCached(options), tokens.length - 1);

  const start = now();
  let logits = await prefill(model, cache, tokens, nCached, options);
  yield { type: 'prompt-end', nTokens: tokens.length, nCached, milliseconds: now() - start };

  for (;;) {
    signal?.throwIfAborted();
    const step = await answer.next(logits);
    if (step.token !== null) yield step.token;
    if (step.end !== null) return yield step.end;
    const { id, position } = step.token;
    logits = await model.forward([{ cache, position, tokens: [id] }], { signal });
  }
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

/**
 * Tokens of a prompt: the model's begin-of-text token, if it has one, and the text's.
 *
 * @throws ToolkitError `NO_TOKENIZER`, `LONE_SURROGATE`
 */
export function encodePrompt({ tokenizer, settings }: Model, text: string): number[] {
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

function resolveCached({ cache, cachedTokens = 0 }: GenerateOptions): number {
  const nRoom = cache?.seqLen ?? 0;
  if (Number.isInteger(cachedTokens) && cachedTokens >= 0 && cachedTokens <= nRoom) return cachedTokens;
  throw new ToolkitError('INVALID_OPTION', `${cachedTokens} cached tokens, expected 0 to ${nRoom}, the cache's own`);
}
