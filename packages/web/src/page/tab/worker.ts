// The worker in which a model runs: it opens one file and answers until the page ends it.

import { AnswererError } from '../answerer/answerer.js';
import { checkFile } from './check-file.js';
import { type FromModel, failureOf, type ToModel } from './messages.js';
import { type OpenTabModel, openTabModel } from './open-model.js';

/** What a worker has, in as far as this one uses it: the compiler knows the page's globals alone. */
interface Worker {
  onmessage: ((event: MessageEvent<ToModel>) => void) | null;
  postMessage(message: FromModel): void;
}

interface Running {
  readonly controller: AbortController;
  /** Passes that had begun when it was stopped; null before. */
  passesAtStop: number | null;
}

const worker = globalThis as unknown as Worker;
const running = new Map<number, Running>();
let model: OpenTabModel | null = null;

worker.onmessage = ({ data }) => {
  switch (data.type) {
    case 'open':
      void open(data.file, data.isChecked);
      return;
    case 'answer':
      void answer(data);
      return;
    case 'stop': {
      const stopped = running.get(data.id);
      if (stopped === undefined) return;
      stopped.passesAtStop = model!.nPasses;
      stopped.controller.abort();
    }
  }
};

async function open(file: File, isCheckedAlready: boolean): Promise<void> {
  try {
    const isChecked =
      isCheckedAlready ||
      (await checkFile(file, (checkedBytes) =>
        worker.postMessage({ type: 'check-progress', checkedBytes, byteLength: file.size }),
      ));
    worker.postMessage({ type: 'check-end' });
    model = await openTabModel(file);
    worker.postMessage({ type: 'opened', facts: { ...model.facts, isChecked } });
  } catch (error) {
    worker.postMessage({ type: 'not-opened', failure: failureOf(error) });
  }
}

async function answer({ id, request }: Extract<ToModel, { type: 'answer' }>): Promise<void> {
  const opened = model!;
  const own: Running = { controller: new AbortController(), passesAtStop: null };
  const { signal } = own.controller;
  running.set(id, own);
  try {
    for await (const event of opened.answerer.answer(request, signal)) worker.postMessage({ type: 'event', id, event });
  } catch (error) {
    if (!signal.aborted) {
      const kind = error instanceof AnswererError ? error.kind : 'failed';
      return worker.postMessage({ type: 'no-answer', id, kind, message: failureOf(error).message });
    }
  } finally {
    running.delete(id);
  }
  const passesAfterStop = own.passesAtStop === null ? 0 : await passesAfter(own.passesAtStop, opened);
  worker.postMessage({ type: 'end', id, passesAfterStop });
}

/** Passes that began after a count, once a pass that does not belong to this answer would have begun. */
async function passesAfter(count: number, opened: OpenTabModel): Promise<number> {
  // Messages and timers come between two passes.
  await new Promise((resolve) => setTimeout(resolve));
  return opened.nPasses - count;
}
