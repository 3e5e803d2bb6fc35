// Generation: prefill the prompt, then pass after pass until the answer ends.

import { ToolkitError } from '@llama-ts/base';
import { promptPrefix } from '@llama-ts/format';
import type { KeyValueCache } from '@llama-ts/kernels';
import type { Model } from '../model/model.js';
import {
  checkKind,
  checkModel,
  checkOptions,
  describe,
  type OptionKind,
  type TableOf,
} from '../options/check-options.js';
import { aSignal, aString, count, oneOf, positiveCount } from '../options/option-kinds.js';
import { aSpeculation, createSpeculation, type SpeculateOptions } from '../speculation/speculation.js';
import type { EncodeOptions } from '../tokenizer/tokenizer.js';
import { beginAnswer } from './answer.js';
import { type AnswerOptions, answerOptions } from './answer-options.js';
import { createSequence, type GenerateEvent } from './sequence.js';

/** Options of {@link generate}. */
export interface GenerateOptions extends AnswerOptions {
  /** A cache whose first `cachedTokens` positions hold the beginning of the prompt; default a new one. */
  readonly cache?: KeyValueCache | undefined;
  /** Positions of `cache` that hold the beginning of the prompt. */
  readonly cachedTokens?: number | undefined;
  /** Prompt tokens of one prefill pass; any number gives the same bits. Default 512. */
  readonly prefillChunk?: number | undefined;
  /** Speculation by prompt lookup: the same answer in fewer passes where the text repeats itself. Default false. */
  readonly speculate?: boolean | SpeculateOptions | undefined;
  /** Whether names of special tokens in a text prompt are text or tokens. Default `text`. */
  readonly specials?: EncodePromptOptions['specials'];
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link encodePrompt}. */
export interface EncodePromptOptions {
  /**
   * Whether names of special tokens in the text are text (the default) or tokens, as in a prompt that is formatted for
   * chat already. With `tokens`, a prompt that begins with the begin-of-text token gets no second one.
   */
  readonly specials?: EncodeOptions['specials'];
}

export type { GenerateEvent } from './sequence.js';

const DEFAULT_PREFILL_CHUNK = 512;

const aCache: OptionKind = {
  expected: 'what model.createCache returns',
  accepts(value) {
    const { keys, values, seqLen } = (value ?? {}) as Partial<KeyValueCache>;
    return ArrayBuffer.isView(keys) && ArrayBuffer.isView(values) && Number.isInteger(seqLen);
  },
  suggestion: 'model.createCache()',
};

/** Kinds of {@link EncodePromptOptions}. */
const encodePromptOptions: TableOf<EncodePromptOptions> = { specials: oneOf(['text', 'tokens']) };

/** Kinds of {@link GenerateOptions}. */
export const generateOptions: TableOf<GenerateOptions> = {
  ...answerOptions,
  ...encodePromptOptions,
  cache: aCache,
  cachedTokens: count,
  prefillChunk: positiveCount,
  speculate: aSpeculation,
  signal: aSignal,
};

/**
 * Continues a prompt: text, which gets the model's begin-of-text token, or token ids as they stand.
 *
 * @throws ToolkitError `CONTEXT_EXCEEDED`, `INVALID_OPTION`, `NO_TOKENIZER`, `MODEL_CLOSED`; rejects with the signal's reason
 * @example for await (const event of generate(model, 'Once upon a time')) if (event.type === 'token') show(event.text);
 */
export async function* generate(
  model: Model,
  prompt: string | readonly number[],
  options: GenerateOptions = {},
): AsyncGenerator<GenerateEvent, void, void> {
  checkModel('generate', model);
  checkOptions('generate', options, generateOptions);
  const { signal, prefillChunk = DEFAULT_PREFILL_CHUNK, now = () => performance.now() } = options;
  signal?.throwIfAborted();
  model.closed.throwIfAborted();
  const promptTokens = toPromptTokens(model, prompt, options.specials);
  const room = Math.min(model.contextLength, options.cache?.seqLen ?? model.contextLength);
  const answer = beginAnswer(model, promptTokens, { ...options, room });
  const nCached = Math.min(resolveCached(options), promptTokens.length - 1);
  const cache = options.cache ?? model.createCache();
  const speculation = createSpeculation(options.speculate, promptTokens, model.rowCost);
  const { vocabSize } = model.header.dimensions;
  const sequence = createSequence({ promptTokens, answer, cache, nCached, vocabSize, speculation, now });

  while (!sequence.isOver) {
    const events = await model.withLock(async () => {
      const tokens = sequence.next({ maxPromptTokens: prefillChunk, nAnswering: 1 });
      return sequence.accept(await model.forward([tokens], { signal }));
    });
    for (const event of events) {
      yield event;
      if (event.type !== 'end') signal?.throwIfAborted();
    }
  }
}

/**
 * Tokens of a prompt in any form.
 *
 * @throws ToolkitError `INVALID_OPTION` for anything but a text or a list of ids, and what {@link encodePrompt} throws
 */
export function toPromptTokens(model: Model, prompt: unknown, specials: EncodePromptOptions['specials']): number[] {
  if (typeof prompt === 'string') return encodePrompt(model, prompt, { specials });
  const isList = Array.isArray(prompt) || (ArrayBuffer.isView(prompt) && !(prompt instanceof DataView));
  const list = isList ? [...(prompt as Iterable<unknown>)] : null;
  const at = list?.findIndex((id) => typeof id !== 'number') ?? -1;
  if (list !== null && at < 0) return list as number[];
  const found = list === null ? `prompt ${describe(prompt)}` : `prompt with ${describe(list[at])} at index ${at}`;
  throw new ToolkitError('INVALID_OPTION', `${found}, expected a text or a list of token ids`, {
    suggestions: ['for messages: encodeMessages(model, messages)'],
  });
}

/**
 * Tokens of a prompt: what the tokenizer puts before a text, for most models the begin-of-text token, then those of the
 * text. What it would put after a text is left out, because the model continues the text.
 *
 * @throws ToolkitError `NO_TOKENIZER`, `LONE_SURROGATE`
 * @example encodePrompt(model, '<|begin_of_text|>Hello', { specials: 'tokens' });
 */
export function encodePrompt(model: Model, text: string, options: EncodePromptOptions = {}): number[] {
  checkModel('encodePrompt', model);
  checkOptions('encodePrompt', options, encodePromptOptions);
  checkKind('text', text ?? null, aString);
  const { tokenizer, settings } = model;
  const { specials = 'text' } = options;
  if (tokenizer === null) {
    throw new ToolkitError(
      'NO_TOKENIZER',
      'the model file holds no tokenizer, expected one to encode the prompt with',
      {
        suggestions: [
          'give the tokenizer.bin of this model: --tokenizer TOKENIZER.bin',
          'make a file that holds one: llama export model.bin --hf REPO_OR_DIR',
        ],
      },
    );
  }
  const prefix = promptPrefix(settings);
  const ids = tokenizer.encode(text, { specials });
  const isBegun = specials === 'tokens' && prefix.length > 0 && ids[0] === prefix[0];
  return isBegun ? ids : [...prefix, ...ids];
}

function resolveCached({ cache, cachedTokens = 0 }: GenerateOptions): number {
  const nRoom = cache?.seqLen ?? 0;
  if (Number.isInteger(cachedTokens) && cachedTokens >= 0 && cachedTokens <= nRoom) return cachedTokens;
  throw new ToolkitError('INVALID_OPTION', `${cachedTokens} cached tokens, expected 0 to ${nRoom}, the cache's own`);
}
