// Answers lines together and hands out the results in their order.

import { isToolkitError } from '@llama-ts/base';
import { type SubmitRequestOptions, submitRequest } from '@llama-ts/runtime';
import type { BatchLine } from './batch-line.js';
import { answeredResult, type BatchResult, failedResult } from './batch-result.js';

/** How lines are answered. */
export interface AnswerBatchOptions extends Omit<SubmitRequestOptions, 'signal'> {
  /** Sequences that are answered at once. */
  readonly parallel: number;
  /** The seed of a line that says none. */
  readonly seedOf: (line: BatchLine) => bigint;
  readonly signal: AbortSignal;
}

/**
 * Lines begun ahead of the first unfinished one, for each that runs: enough that a long answer leaves no sequence idle, few
 * enough that a kill loses little that was answered and not yet written.
 */
const AHEAD = 16;

/** Failures of the model and the engine, which every line would share. */
const sharedFailures = ['ENGINE_CLOSED', 'MODEL_BUSY', 'MODEL_CLOSED', 'NO_TOKENIZER', 'NO_CHAT_TEMPLATE'];

/** Yields results in the order of the lines, all that are ready at once. */
export async function* answerBatch(
  lines: readonly BatchLine[],
  options: AnswerBatchOptions,
): AsyncGenerator<readonly BatchResult[], void, void> {
  const { parallel, signal } = options;
  const begun: { readonly result: Promise<BatchResult>; isDone: boolean }[] = [];
  let next = 0;
  while (next < lines.length || begun.length > 0) {
    while (next < lines.length && begun.length < AHEAD * parallel) {
      const result = answerLine(lines[next++]!, options);
      const entry = { result, isDone: false };
      // A failure is thrown when the loop awaits this result; until then it must not count as unhandled.
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

async function answerLine(line: BatchLine, options: AnswerBatchOptions): Promise<BatchResult> {
  const { seedOf, signal } = options;
  const seed = BigInt(line.options.seed ?? seedOf(line));
  try {
    const events = submitRequest({ ...line, options: { ...line.options, seed } }, options);
    return await answeredResult(line, seed, events);
  } catch (error) {
    if (signal.aborted || !isToolkitError(error) || sharedFailures.includes(error.code)) throw error;
    return failedResult(line, error);
  }
}
