// Answers lines together and hands out the results in their order.

import { isToolkitError } from '@llama-ts/format';
import { type AnswerOptions, type Engine, encodeMessages, type Model, type SubmitOptions } from '@llama-ts/runtime';
import type { BatchLine } from './batch-line.js';
import { answeredResult, type BatchResult, failedResult } from './batch-result.js';

/** How lines are answered. */
export interface AnswerBatchOptions {
  readonly engine: Engine;
  /** Sequences at once. */
  readonly parallel: number;
  /** What lines do not say themselves. */
  readonly defaults: AnswerOptions;
  /** What special names in prompts are, where a line does not say it. */
  readonly specials: 'text' | 'tokens';
  /** Of a line that says none. */
  readonly seedOf: (line: BatchLine) => bigint;
  /** The day, for templates that would ask the clock. */
  readonly today: Date;
  readonly speculate: boolean;
  readonly signal: AbortSignal;
}

/**
 * Lines begun before an earlier one is done, for each that runs: a long answer delays few, and a kill loses few that were
 * done and waited to be written.
 */
const AHEAD = 16;

/** Failures that no line is to blame for. */
const ofTheModel = ['ENGINE_CLOSED', 'MODEL_BUSY', 'MODEL_CLOSED', 'NO_TOKENIZER', 'NO_CHAT_TEMPLATE'];

/** Results in the order of the lines, as many at once as are there. */
export async function* answerBatch(
  model: Model,
  lines: readonly BatchLine[],
  options: AnswerBatchOptions,
): AsyncGenerator<readonly BatchResult[], void, void> {
  const { parallel, signal } = options;
  const begun: { readonly result: Promise<BatchResult>; isDone: boolean }[] = [];
  let next = 0;
  while (next < lines.length || begun.length > 0) {
    while (next < lines.length && begun.length < AHEAD * parallel) {
      const result = answerLine(model, lines[next++]!, options);
      const entry = { result, isDone: false };
      // Whoever waits for it hears of a failure; until then nobody does.
      result.then(
        () => {
          entry.isDone = true;
        },
        () => undefined,
      );
      begun.push(entry);
    }
    const ready = [await begun.shift()!.result];
    while (begun[0]?.isDone === true) ready.push(await begun.shift()!.result);
    signal.throwIfAborted();
    yield ready;
  }
}

async function answerLine(model: Model, line: BatchLine, options: AnswerBatchOptions): Promise<BatchResult> {
  const { engine, defaults, specials, seedOf, today, speculate, signal } = options;
  const seed = BigInt(line.options.seed ?? seedOf(line));
  const submitOptions: SubmitOptions = {
    ...defaults,
    ...line.options,
    specials: line.specials ?? specials,
    seed,
    speculate,
    signal,
  };
  try {
    const prompt = typeof line.prompt === 'string' ? line.prompt : encodeMessages(model, line.prompt, { today });
    return await answeredResult(line, seed, engine.submit(prompt, submitOptions));
  } catch (error) {
    if (signal.aborted || !isToolkitError(error) || ofTheModel.includes(error.code)) throw error;
    return failedResult(line, error);
  }
}
