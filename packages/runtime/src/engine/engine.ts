// Many sequences at once: requests join and leave between passes, and each gives the tokens it gives alone.
//
// A pass takes one token of each sequence that answers and a bounded number of prompt tokens, so that reading the
// weights, which costs most, is shared and a long prompt delays nobody for long.

import { ToolkitError } from '@llama-ts/format';
import { type AnswerOptions, answerOptions, beginAnswer } from '../answer.js';
import { checkModel, checkOptions, type TableOf } from '../check-options.js';
import type { SequenceTokens } from '../forward.js';
import { type EncodePromptOptions, generateOptions, toPromptTokens } from '../generate.js';
import type { Model } from '../model.js';
import { aFunction, aNumber, positiveCount, wholeNumber } from '../option-kinds.js';
import type { GenerateEvent } from '../sequence.js';
import { createSpeculation, type SpeculateOptions } from '../speculation/speculation.js';
import { createAbortWatch } from './abort-watch.js';
import { createCacheArena } from './cache-arena.js';
import type { EventStream } from './event-queue.js';
import { createPrefillPace } from './prefill-pace.js';
import { createRequest, type Request } from './request.js';
import { sharePromptTokens } from './share-prompt-tokens.js';

/** Options of {@link createEngine}. */
export interface EngineOptions {
  /** Sequences that run at once; others wait in the order they came. Default 8. */
  readonly maxSequences?: number | undefined;
  /**
   * Whole contexts of cache memory that all sequences share; a sequence takes what its prompt and new tokens need, so
   * more of them fit when `maxTokens` says how many those are. Made on demand. Default `maxSequences`.
   */
  readonly maxContexts?: number | undefined;
  /** Prompt tokens of one pass at most. Default 512. */
  readonly prefillChunk?: number | undefined;
  /** Milliseconds that prompts may add to the time of a pass, about. Default 200. */
  readonly maxDelayMilliseconds?: number | undefined;
  /** Milliseconds; default performance.now. */
  readonly now?: (() => number) | undefined;
}

/** Options of a request: what decides about its answer, and its own end. */
export interface SubmitOptions extends AnswerOptions {
  /** Drafts tokens from what the text repeats: the same answer in fewer passes. Default false. */
  readonly speculate?: boolean | SpeculateOptions | undefined;
  /** What names of special tokens in a prompt of text are. Default `text`. */
  readonly specials?: EncodePromptOptions['specials'];
  readonly signal?: AbortSignal | undefined;
}

/** Runs requests on one model, which it shares with others by turns. */
export interface Engine {
  /** Sequences that run now. */
  readonly nRunning: number;
  /** Requests that wait for their turn. */
  readonly nWaiting: number;
  /**
   * Queues a prompt: text, which gets the model's begin-of-text token, or token ids as they stand. Work starts at once,
   * read or not; leaving the loop over the events or aborting the signal frees everything the request holds.
   *
   * @returns the events of `generate`, which rejects with the signal's reason, `ENGINE_CLOSED` or `MODEL_CLOSED`
   * @throws ToolkitError `CONTEXT_EXCEEDED`, `INVALID_OPTION`, `NO_TOKENIZER`, `ENGINE_CLOSED`, `MODEL_CLOSED`; the signal's
   *   reason
   */
  submit(prompt: string | readonly number[], options?: SubmitOptions): EventStream<GenerateEvent>;
  /** Ends all requests with `ENGINE_CLOSED` and waits for the pass under way. The model stays open. */
  close(): Promise<void>;
}

const DEFAULT_MAX_SEQUENCES = 8;
/** More would only wait for one another; a batch's scratch grows with it. */
const MAX_SEQUENCES = 1024;
const DEFAULT_PREFILL_CHUNK = 512;
/** Below the quarter of a second that a reader notices. */
const DEFAULT_MAX_DELAY_MILLISECONDS = 200;

const engineOptions: TableOf<EngineOptions> = {
  maxSequences: wholeNumber(1, MAX_SEQUENCES),
  maxContexts: wholeNumber(1, MAX_SEQUENCES),
  prefillChunk: positiveCount,
  maxDelayMilliseconds: {
    expected: 'a number above 0',
    accepts: (value) => aNumber.accepts(value) && (value as number) > 0,
  },
  now: aFunction,
};
const { speculate, specials, signal } = generateOptions;
const submitOptions: TableOf<SubmitOptions> = { ...answerOptions, speculate, specials, signal };

/** A request's part of a pass. */
interface Part {
  readonly request: Request;
  readonly tokens: SequenceTokens;
}

/**
 * Starts an engine on a model.
 *
 * @throws ToolkitError `INVALID_OPTION`, `MODEL_CLOSED`
 * @example
 * const engine = createEngine(model);
 * const answers = prompts.map((prompt) => collect(engine.submit(prompt, { maxTokens: 100 })));
 */
export function createEngine(model: Model, options: EngineOptions = {}): Engine {
  checkModel('createEngine', model);
  checkOptions('createEngine', options, engineOptions);
  model.closed.throwIfAborted();
  const { maxSequences = DEFAULT_MAX_SEQUENCES, prefillChunk = DEFAULT_PREFILL_CHUNK } = options;
  const { maxDelayMilliseconds = DEFAULT_MAX_DELAY_MILLISECONDS, now = () => performance.now() } = options;
  const { maxContexts = maxSequences } = options;
  const pace = createPrefillPace(prefillChunk, maxDelayMilliseconds);
  const arena = createCacheArena(maxContexts, () => model.createCache());
  const { vocabSize } = model.header.dimensions;
  const aborts = createAbortWatch();
  let waiting: Request[] = [];
  let running: Request[] = [];
  let underWay: { readonly parts: readonly Part[]; readonly abort: AbortController } | null = null;
  let work: Promise<void> | null = null;
  let isClosed = false;

  return {
    get nRunning() {
      return running.filter(({ isOver }) => !isOver).length;
    },
    get nWaiting() {
      return waiting.length;
    },
    submit(prompt, options = {}) {
      checkOptions('submit', options, submitOptions);
      const { signal, speculate, specials } = options;
      model.closed.throwIfAborted();
      if (isClosed) throw closedError();
      signal?.throwIfAborted();
      const promptTokens = toPromptTokens(model, prompt, specials);
      const answer = beginAnswer(model, promptTokens, { ...options, now: options.now ?? now });
      const speculation = createSpeculation(speculate, promptTokens, model.backend);
      const request = createRequest({ promptTokens, answer, vocabSize, speculation, now, signal, aborts, onOver });
      waiting.push(request);
      work ??= runPasses();
      return request.events;
    },
    async close() {
      isClosed = true;
      endAll(closedError());
      await work;
    },
  };

  /** Somebody's end: a pass that nobody waits for any more ends early; what he holds is free when it ended. */
  function onOver(): void {
    waiting = waiting.filter(({ isOver }) => !isOver);
    if (underWay === null) dismiss();
    else if (underWay.parts.every(({ request }) => request.isOver)) underWay.abort.abort();
  }

  async function runPasses(): Promise<void> {
    // Requests of the same moment start together.
    await null;
    const onModelClosed = (): void => endAll(model.closed.reason);
    model.closed.addEventListener('abort', onModelClosed);
    try {
      while (waiting.length + running.length > 0) await model.turn(runPass);
    } catch (error) {
      // No pass will come: a request that is left would wait for ever.
      endAll(error);
    } finally {
      model.closed.removeEventListener('abort', onModelClosed);
      work = null;
    }
  }

  function endAll(error: unknown): void {
    for (const request of [...waiting, ...running]) request.abort(error);
  }

  async function runPass(): Promise<void> {
    admit();
    const parts = plan();
    if (parts.length === 0) return;
    underWay = { parts, abort: new AbortController() };
    try {
      await compute(parts, underWay.abort.signal);
    } finally {
      underWay = null;
      dismiss();
    }
  }

  function admit(): void {
    while (waiting.length > 0 && running.length < maxSequences) {
      const request = waiting[0]!;
      try {
        const cache = arena.take(request.positions);
        if (cache === null) return; // nobody overtakes, or a long request might wait forever
        waiting.shift();
        request.begin(cache);
        running.push(request);
      } catch (error) {
        request.fail(error);
      }
    }
  }

  function dismiss(): void {
    for (const { isOver, cache } of running) if (isOver) arena.give(cache!);
    running = running.filter(({ isOver }) => !isOver);
  }

  function plan(): Part[] {
    const nAnswering = running.filter(({ sequence }) => sequence!.nPromptLeft === 0).length;
    const shares = sharePromptTokens(
      running.map(({ sequence }) => sequence!.nPromptLeft),
      Math.max(1, Math.min(pace.nTokens, prefillChunk - nAnswering)),
    );
    return running
      .map((request, i) => ({ request, share: shares[i]! }))
      .filter(({ request, share }) => share > 0 || request.sequence!.nPromptLeft === 0)
      .map(({ request, share }) => ({
        request,
        tokens: request.sequence!.next({ maxPromptTokens: share, nAnswering: Math.max(1, nAnswering) }),
      }));
  }

  async function compute(parts: readonly Part[], signal: AbortSignal): Promise<void> {
    const start = now();
    let logits: Float32Array;
    try {
      logits = await model.forward(
        parts.map(({ tokens }) => tokens),
        { signal },
      );
    } catch (error) {
      return refuse(parts, signal, error);
    }
    recordPass(parts, now() - start);
    let row = 0;
    for (const { request, tokens } of parts) {
      const nRows = tokens.logits === 'all' ? tokens.tokens.length : tokens.logits === 'last' ? 1 : 0;
      const rows = logits.subarray(row * vocabSize, (row + nRows) * vocabSize);
      row += nRows;
      if (request.isOver) continue;
      try {
        request.deliver(await request.sequence!.accept(rows));
      } catch (error) {
        request.fail(error);
      }
    }
  }

  /** A pass that failed is tried again one by one, so that only those fail who fail alone. */
  async function refuse(parts: readonly Part[], signal: AbortSignal, error: unknown): Promise<void> {
    const [first, ...others] = parts.filter(({ request }) => !request.isOver);
    if (first === undefined) return;
    if (parts.length === 1) return first.request.fail(error);
    for (const part of [first, ...others]) if (!part.request.isOver) await compute([part], signal);
  }

  function recordPass(parts: readonly Part[], milliseconds: number): void {
    const prompts = parts.filter(({ request }) => request.sequence!.nPromptLeft > 0);
    const nPromptTokens = prompts.reduce((sum, { tokens }) => sum + tokens.tokens.length, 0);
    pace.record({ nPromptTokens, nAnswering: parts.length - prompts.length, milliseconds });
  }
}

function closedError(): ToolkitError {
  return new ToolkitError('ENGINE_CLOSED', 'engine: closed, expected an open one', {
    suggestions: ['start another: createEngine(model)'],
  });
}
