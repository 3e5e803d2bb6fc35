// A model in a worker of this tab as an answerer.

import { type AnswerEvent, type Answerer, AnswererError, type AnswerRequest } from '../answerer/answerer.js';
import type { FromModel, TabFailure, TabModelFacts, ToModel } from './messages.js';

/** What happens before a model answers. */
export type OpeningEvent = Extract<FromModel, { type: 'check-progress' | 'check-end' }>;

/** A model in a worker. */
export interface TabAnswerer extends Answerer {
  readonly facts: TabModelFacts;
  /** Ends the worker, and with it the answers that are coming. */
  close(): void;
}

/** A model that could not be opened. */
export class NotOpened extends Error {
  readonly failure: TabFailure;

  constructor(failure: TabFailure) {
    super(failure.message);
    this.name = 'NotOpened';
    this.failure = failure;
  }
}

type OfAnswer = Extract<FromModel, { id: number }>;

/**
 * Opens a model in a worker of its own.
 *
 * @param isChecked whether the file's bytes were compared with their checksums already
 * @throws NotOpened; rejects with the signal's reason
 */
export async function openTabAnswerer(
  file: File,
  options: {
    readonly isChecked: boolean;
    readonly onEvent: (event: OpeningEvent) => void;
    readonly signal: AbortSignal;
  },
): Promise<TabAnswerer> {
  const { isChecked, onEvent, signal } = options;
  signal.throwIfAborted();
  const worker = new Worker('tab/model-worker.js', { type: 'module' });
  const post = (message: ToModel): void => worker.postMessage(message);
  const listeners = new Map<number, (message: OfAnswer) => void>();
  let nAnswers = 0;
  /** Why the worker ended; null while it runs. */
  let ended: string | null = null;

  const end = (message: string): void => {
    ended = message;
    worker.terminate();
    for (const [id, listener] of listeners) listener({ type: 'no-answer', id, kind: 'failed', message });
  };
  let abort = (): void => {};
  try {
    const facts = await new Promise<TabModelFacts>((resolve, reject) => {
      abort = () => reject(signal.reason);
      signal.addEventListener('abort', abort);
      worker.onerror = (event) => {
        const message = `The model's worker ended: ${event.message || 'its file cannot be loaded'}`;
        reject(new NotOpened({ message, remedies: ['reload the page'] }));
        end(message);
      };
      worker.onmessage = ({ data }: MessageEvent<FromModel>) => {
        if ('id' in data) listeners.get(data.id)?.(data);
        else if (data.type === 'opened') resolve(data.facts);
        else if (data.type === 'not-opened') reject(new NotOpened(data.failure));
        else onEvent(data);
      };
      post({ type: 'open', file, isChecked });
    });
    return {
      facts,
      describe: async () => facts,
      answer,
      close: () => end('Another model was opened.'),
    };
  } catch (error) {
    worker.terminate();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }

  async function* answer(request: AnswerRequest, stop: AbortSignal): AsyncGenerator<AnswerEvent, void, void> {
    stop.throwIfAborted();
    if (ended !== null) throw new AnswererError('failed', ended);
    const id = ++nAnswers;
    const unread: OfAnswer[] = [];
    let wake = (): void => {};
    listeners.set(id, (message) => {
      unread.push(message);
      wake();
    });
    const onStop = (): void => {
      post({ type: 'stop', id });
      wake();
    };
    stop.addEventListener('abort', onStop);
    let isOver = false;
    try {
      post({ type: 'answer', id, request });
      for (;;) {
        stop.throwIfAborted();
        const message = unread.shift();
        if (message === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        isOver = message.type !== 'event';
        if (message.type === 'event') yield message.event;
        else if (message.type === 'no-answer') throw new AnswererError(message.kind, message.message);
        else return;
      }
    } finally {
      stop.removeEventListener('abort', onStop);
      listeners.delete(id);
      if (!isOver && !stop.aborted) post({ type: 'stop', id });
    }
  }
}
