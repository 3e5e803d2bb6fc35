// Embeddings: one vector for each text, made of the hidden states of its tokens.
//
// Texts of a request share passes, and other work on the model, such as an engine's, runs between two of them.

import { ToolkitError } from '@llama-ts/base';
import type { KeyValueCache } from '@llama-ts/kernels';
import { checkPrompt } from '../answer/check-answer.js';
import { type EncodePromptOptions, toPromptTokens } from '../answer/generate.js';
import { createPrefillPace } from '../engine/prefill-pace.js';
import type { Model } from '../model/model.js';
import { checkModel, checkOptions, type TableOf } from '../options/check-options.js';
import { aFunction, aSignal, oneOf, positiveCount, wholeNumber } from '../options/option-kinds.js';
import { partOfCache } from '../pass/key-value-cache.js';
import { createPooler, type Pooler, type Pooling, poolings } from './pooler.js';

/** Options of {@link createEmbedder}. */
export interface EmbedderOptions {
  /** Requests that may wait beside the one under way; one more is refused with `QUEUE_FULL`. 0 and up, default any number. */
  readonly maxWaiting?: number | undefined;
  /** Tokens of one pass at most; any number gives the same bits. Default 512. */
  readonly prefillChunk?: number | undefined;
  /** About how many milliseconds a pass may take, so that other work on the model goes on. Default 200. */
  readonly maxDelayMilliseconds?: number | undefined;
  /** Milliseconds; default performance.now. */
  readonly now?: (() => number) | undefined;
}

/** Options of {@link Embedder.embed}. */
export interface EmbedOptions {
  /** `mean` of the hidden states of all tokens, the default, or the state of the `last`. */
  readonly pooling?: Pooling | undefined;
  /** Whether names of special tokens in a text are text or tokens. Default `text`. */
  readonly specials?: EncodePromptOptions['specials'];
  readonly signal?: AbortSignal | undefined;
}

/** The embedding of one text. */
export interface Embedding {
  /** (dim), of length 1 */
  readonly vector: Float32Array;
  /** Tokens of the text, with the begin-of-text token before it. */
  readonly nTokens: number;
}

/** Makes embeddings with one model, request after request. Its memory, one context, is taken at the first. */
export interface Embedder {
  /** Requests that wait for their turn. */
  readonly nWaiting: number;
  /**
   * Embeds prompts: texts, which get the model's begin-of-text token, or lists of token ids as they stand.
   *
   * @returns an embedding for each; it rejects with the signal's reason within a pass, and with `MODEL_CLOSED`
   * @throws ToolkitError `CONTEXT_EXCEEDED`, `INVALID_OPTION`, `NO_TOKENIZER`, `LONE_SURROGATE`, `QUEUE_FULL`, `NON_FINITE`
   */
  embed(prompts: readonly (string | readonly number[])[], options?: EmbedOptions): Promise<readonly Embedding[]>;
}

const DEFAULT_CHUNK = 512;
/** Below the quarter of a second that a reader of another answer notices. */
const DEFAULT_DELAY_MILLISECONDS = 200;

const embedderOptions: TableOf<EmbedderOptions> = {
  maxWaiting: wholeNumber(0),
  prefillChunk: positiveCount,
  maxDelayMilliseconds: positiveCount,
  now: aFunction,
};
const embedOptions: TableOf<EmbedOptions> = {
  pooling: oneOf(poolings),
  specials: oneOf(['text', 'tokens']),
  signal: aSignal,
};

/** A text on its way. */
interface Text {
  readonly tokens: readonly number[];
  readonly cache: KeyValueCache;
  readonly pooler: Pooler;
  nComputed: number;
}

/**
 * Makes an embedder.
 *
 * @throws ToolkitError `INVALID_OPTION`, `MODEL_CLOSED`
 * @example const [{ vector }] = await createEmbedder(model).embed(['A cow says moo.']);
 */
export function createEmbedder(model: Model, options: EmbedderOptions = {}): Embedder {
  checkModel('createEmbedder', model);
  checkOptions('createEmbedder', options, embedderOptions);
  model.closed.throwIfAborted();
  const { maxWaiting = Number.POSITIVE_INFINITY, prefillChunk = DEFAULT_CHUNK } = options;
  const { maxDelayMilliseconds = DEFAULT_DELAY_MILLISECONDS, now = () => performance.now() } = options;
  const { dim } = model.header.dimensions;
  const pace = createPrefillPace(prefillChunk, maxDelayMilliseconds);
  let whole: KeyValueCache | null = null;
  let last: Promise<unknown> = Promise.resolve();
  let nUnderWay = 0;

  return {
    get nWaiting() {
      return Math.max(0, nUnderWay - 1);
    },
    async embed(prompts, options = {}) {
      checkOptions('embed', options, embedOptions);
      const { pooling = 'mean', specials, signal } = options;
      model.closed.throwIfAborted();
      signal?.throwIfAborted();
      if (nUnderWay > maxWaiting) throw queueFull(maxWaiting);
      const texts = prompts.map((prompt) => toPromptTokens(model, prompt, specials));
      for (const tokens of texts) checkPrompt(model, model.contextLength, tokens);
      nUnderWay++;
      const turn = last;
      const work = untilAborted(turn, signal).then(() => embedAll(texts, pooling, signal));
      // The next request waits for the one before this too, which goes on if this one leaves.
      last = Promise.allSettled([turn, work]);
      try {
        return await work;
      } finally {
        nUnderWay--;
      }
    },
  };

  async function embedAll(
    texts: readonly (readonly number[])[],
    pooling: Pooling,
    signal: AbortSignal | undefined,
  ): Promise<Embedding[]> {
    whole ??= model.createCache();
    const embeddings: Embedding[] = [];
    for (let first = 0; first < texts.length; ) {
      const group: Text[] = [];
      // As many texts as one context holds.
      for (let start = 0; first < texts.length && start + texts[first]!.length <= whole.seqLen; first++) {
        const tokens = texts[first]!;
        const cache = partOfCache(whole, start, tokens.length);
        group.push({ tokens, cache, pooler: createPooler(pooling, dim), nComputed: 0 });
        start += tokens.length;
      }
      while (group.at(-1)!.nComputed < group.at(-1)!.tokens.length) await model.withLock(() => runPass(group, signal));
      for (const { tokens, pooler } of group) embeddings.push({ vector: pooler.result(), nTokens: tokens.length });
    }
    return embeddings;
  }

  /** Computes the next tokens of a group, in its order. */
  async function runPass(group: readonly Text[], signal: AbortSignal | undefined): Promise<void> {
    const start = now();
    let nLeft = pace.nTokens;
    const parts = group.flatMap((text) => {
      const { cache, nComputed: position } = text;
      const tokens = text.tokens.slice(position, position + nLeft);
      nLeft -= tokens.length;
      return tokens.length === 0 ? [] : [{ text, cache, position, tokens }];
    });
    const states = await model.hiddenStates(parts, { signal });
    let row = 0;
    for (const { text, tokens } of parts) {
      text.pooler.add(states, row, tokens.length);
      text.nComputed += tokens.length;
      row += tokens.length;
    }
    pace.record({ nPromptTokens: row, nAnswering: 0, milliseconds: now() - start });
  }
}

/** Waits for a turn, or rejects with the signal's reason as soon as it is aborted. */
function untilAborted(turn: Promise<unknown>, signal: AbortSignal | undefined): Promise<unknown> {
  if (signal === undefined) return turn;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    void turn.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve(null);
    });
  });
}

function queueFull(maxWaiting: number): ToolkitError {
  return new ToolkitError('QUEUE_FULL', `embedder: the queue is full: ${maxWaiting} requests may wait`, {
    suggestions: ['let any number wait: createEmbedder(model)'],
  });
}
