// Continuous batching: requests join and leave between passes, and each gives the tokens that it gives alone.
//
// A pass takes one token of each sequence that answers and a bounded number of prompt tokens, so that reading the
// weights, which costs most, is shared and a long prompt delays no other request for long.

import { ToolkitError } from '@llama-ts/base';
import { beginAnswer } from '../answer/answer.js';
import { type AnswerOptions, answerOptions } from '../answer/answer-options.js';
import { type EncodePromptOptions, generateOptions, toPromptTokens } from '../answer/generate.js';
import type { GenerateEvent } from '../answer/sequence.js';
import type { Model } from '../model/model.js';
import { checkModel, checkOptions, type TableOf } from '../options/check-options.js';
import type { SequenceTokens } from '../pass/forward.js';
import { createPrefixCache, type PrefixCache } from '../prefix-cache/prefix-cache.js';
import { createSpeculation, type SpeculateOptions } from '../speculation/speculation.js';
import { createAbortWatch } from './abort-watch.js';
import { createCacheArena } from './cache-arena.js';
import { type EngineOptions, engineOptions, resolveEngineOptions } from './engine-options.js';
import type { EventStream } from './event-queue.js';
import { createPrefillPace } from './prefill-pace.js';
import { createPrefixSharing } from './prefix-sharing.js';
import { createRequest, type Request } from './request.js';
import { createSchedule } from './schedule.js';
import { sharePromptTokens } from './share-prompt-tokens.js';

/** Options of one request. */
export interface SubmitOptions extends AnswerOptions {
  /** Speculation by prompt lookup: the same answer in fewer passes where the text repeats itself. Default false. */
  readonly speculate?: boolean | SpeculateOptions | undefined;
  /** Whether names of special tokens in a text prompt are text or tokens. Default `text`. */
  readonly specials?: EncodePromptOptions['specials'];
  readonly signal?: AbortSignal | undefined;
}

/** Runs requests on one model, which other code can use between two passes. */
export interface Engine {
  /** Sequences that run now. */
  readonly nRunning: number;
  /** Requests that wait for their turn, and those that wait for their reader. */
  readonly nWaiting: number;
  /** What it keeps of requests that have ended, for later ones; a chat on the same model may share it. */
  readonly prefixCache: PrefixCache;
  /**
   * Queues a prompt: text, which gets the model's begin-of-text token, or token ids as they stand. Work starts at once, and
   * pauses while `maxUnread` events wait for their reader. Leaving the loop over the events or aborting the signal frees
   * everything that the request holds.
   *
   * @returns the events of `generate`, which rejects with the signal's reason, `ENGINE_CLOSED` or `MODEL_CLOSED`
   * @throws ToolkitError `CONTEXT_EXCEEDED`, `INVALID_OPTION`, `NO_TOKENIZER`, `QUEUE_FULL`, `ENGINE_CLOSED`, `MODEL_CLOSED`;
   *   the signal's reason
   */
  submit(prompt: string | readonly number[], options?: SubmitOptions): EventStream<GenerateEvent>;
  /** Ends all requests with `ENGINE_CLOSED` and waits for the running pass. The model stays open. */
  close(): Promise<void>;
}

const { speculate, specials, signal } = generateOptions;
const submitOptions: TableOf<SubmitOptions> = { ...answerOptions, speculate, specials, signal };

/** A request's part of a pass. */
interface BatchEntry {
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
  const { prefillChunk, maxUnread, now, ...settings } = resolveEngineOptions(options);
  const pace = createPrefillPace(prefillChunk, settings.maxDelayMilliseconds);
  const prefixCache = createPrefixCache(model, settings.cacheBytes);
  const sharing = createPrefixSharing(prefixCache);
  const arena = createCacheArena(settings.maxContexts, () => model.createCache());
  const schedule = createSchedule(settings, arena, sharing.keep);
  const { vocabSize } = model.header.dimensions;
  const aborts = createAbortWatch();
  let underWay: { readonly parts: readonly BatchEntry[]; readonly abort: AbortController } | null = null;
  let work: Promise<void> | null = null;
  let isClosed = false;

  return {
    get nRunning() {
      return schedule.nRunning;
    },
    get nWaiting() {
      return schedule.nWaiting;
    },
    prefixCache,
    submit(prompt, options = {}) {
      checkOptions('submit', options, submitOptions);
      const { signal, speculate, specials } = options;
      model.closed.throwIfAborted();
      if (isClosed) throw closedError();
      signal?.throwIfAborted();
      schedule.checkRoom();
      const promptTokens = toPromptTokens(model, prompt, specials);
      const answer = beginAnswer(model, promptTokens, { ...options, now: options.now ?? now });
      const speculation = createSpeculation(speculate, promptTokens, model.rowCost);
      const own = { promptTokens, answer, speculation, signal };
      const request = createRequest({ ...own, vocabSize, maxUnread, now, aborts, onOver, onCaughtUp: start });
      schedule.add(request);
      start();
      return request.events;
    },
    async close() {
      isClosed = true;
      prefixCache.close();
      schedule.endAll(closedError());
      await work;
    },
  };

  /** A pass whose requests have all ended ends early. What a request holds is free once no pass writes to it. */
  function onOver(): void {
    if (underWay === null) schedule.dismiss();
    else if (underWay.parts.every(({ request }) => request.isOver)) underWay.abort.abort();
  }

  function start(): void {
    work ??= runPasses();
  }

  async function runPasses(): Promise<void> {
    // Requests submitted one right after another start together.
    await null;
    const onModelClosed = (): void => schedule.endAll(model.closed.reason);
    model.closed.addEventListener('abort', onModelClosed);
    try {
      while (schedule.hasWork) await model.withLock(runPass);
    } catch (error) {
      // No pass follows: a request that is left would wait forever.
      schedule.endAll(error);
    } finally {
      model.closed.removeEventListener('abort', onModelClosed);
      work = null;
    }
  }

  async function runPass(): Promise<void> {
    schedule.arrange();
    const parts = plan();
    if (parts.length === 0) return;
    underWay = { parts, abort: new AbortController() };
    try {
      await compute(parts, underWay.abort.signal);
    } finally {
      underWay = null;
      schedule.dismiss();
    }
  }

  function plan(): BatchEntry[] {
    const { running } = schedule;
    // One after another: whether a request may compute depends on those before it.
    const computing = running.filter((request) => sharing.mayCompute(request, running));
    const nAnswering = computing.filter(({ sequence }) => sequence!.nPromptLeft === 0).length;
    const shares = sharePromptTokens(
      computing.map(({ sequence }) => sequence!.nPromptLeft),
      Math.max(1, Math.min(pace.nTokens, prefillChunk - nAnswering)),
    );
    return computing
      .map((request, i) => ({ request, share: shares[i]! }))
      .filter(({ request, share }) => share > 0 || request.sequence!.nPromptLeft === 0)
      .map(({ request, share }) => ({
        request,
        tokens: request.sequence!.next({ maxPromptTokens: share, nAnswering: Math.max(1, nAnswering) }),
      }));
  }

  async function compute(parts: readonly BatchEntry[], signal: AbortSignal): Promise<void> {
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

  /** Repeats a failed pass for each request alone, so that only those that fail alone are refused. */
  async function refuse(parts: readonly BatchEntry[], signal: AbortSignal, error: unknown): Promise<void> {
    const [first, ...others] = parts.filter(({ request }) => !request.isOver);
    if (first === undefined) return;
    if (parts.length === 1) return first.request.fail(error);
    for (const part of [first, ...others]) if (!part.request.isOver) await compute([part], signal);
  }

  function recordPass(parts: readonly BatchEntry[], milliseconds: number): void {
    const prompts = parts.filter(({ request }) => request.sequence!.nPromptLeft > 0);
    const nPromptTokens = prompts.reduce((sum, { tokens }) => sum + tokens.tokens.length, 0);
    pace.record({ nPromptTokens, nAnswering: parts.length - prompts.length, milliseconds });
  }
}

function closedError(): ToolkitError {
  return new ToolkitError('ENGINE_CLOSED', 'engine is closed', {
    suggestions: ['start another: createEngine(model)'],
  });
}
