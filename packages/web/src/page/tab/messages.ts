// What the page and the worker in which a model runs tell each other.

import type { AnswerEvent, AnswererErrorKind, AnswerRequest } from '../answerer/answerer.js';

/** A model that is open in a worker. */
export interface TabModelFacts {
  readonly name: string;
  readonly contextLength: number;
  /** `Model.checksum` in hexadecimal digits. */
  readonly sha256: string;
  /** Threads that compute. */
  readonly threads: number;
  /** Why there is one thread alone; null where threads share memory. */
  readonly whyOneThread: string | null;
  /** Whether every tensor had the checksum that the file states; false for a plain file, which states none. */
  readonly isChecked: boolean;
}

/** To the worker: first `open`; then any number of answers, side by side. */
export type ToModel =
  /** `isChecked`: the bytes were compared with their checksums already. */
  | { readonly type: 'open'; readonly file: File; readonly isChecked: boolean }
  /** `id` is new for each answer. */
  | { readonly type: 'answer'; readonly id: number; readonly request: AnswerRequest }
  /** Ends an answer. At most the pass under way is still computed. */
  | { readonly type: 'stop'; readonly id: number };

/** From the worker. */
export type FromModel =
  | { readonly type: 'check-progress'; readonly checkedBytes: number; readonly byteLength: number }
  /** The bytes are right; weights are read into memory. */
  | { readonly type: 'check-end' }
  | { readonly type: 'opened'; readonly facts: TabModelFacts }
  | { readonly type: 'not-opened'; readonly failure: TabFailure }
  | { readonly type: 'event'; readonly id: number; readonly event: AnswerEvent }
  /** An answer is over. `passesAfterStop`: passes that began after `stop` had come. */
  | { readonly type: 'end'; readonly id: number; readonly passesAfterStop: number }
  | { readonly type: 'no-answer'; readonly id: number; readonly kind: AnswererErrorKind; readonly message: string };

/** Why something did not work, and what helps. */
export interface TabFailure {
  readonly message: string;
  readonly remedies: readonly string[];
}

/** An error of any kind as a failure. */
export function failureOf(error: unknown): TabFailure {
  const { message, suggestions } = (error ?? {}) as { readonly message?: unknown; readonly suggestions?: unknown };
  return {
    message: typeof message === 'string' ? message : String(error),
    remedies: Array.isArray(suggestions) ? suggestions.map(String) : [],
  };
}
