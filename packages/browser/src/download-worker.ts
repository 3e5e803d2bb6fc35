// The worker of a download: it starts with the first message, and tells of its end.

import { isToolkitError } from '@llama-ts/base';
import type { Failure, FromWorker, ToWorker } from './download/download-messages.js';
import { downloadModel } from './download/download-model.js';

/** The worker's globals: the sources are compiled with those of pages. */
const worker = globalThis as unknown as {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
};

const ending = new AbortController();

worker.onmessage = async ({ data }) => {
  if (data.type === 'abort') return ending.abort();
  const { signal } = ending;
  try {
    await downloadModel(data.request, {
      signal,
      emit: (event) => worker.postMessage({ type: 'event', event }),
    });
    worker.postMessage({ type: 'done' });
  } catch (error) {
    worker.postMessage(signal.aborted ? { type: 'aborted' } : { type: 'failed', failure: failureOf(error) });
  }
};

function failureOf(error: unknown): Failure {
  if (isToolkitError(error)) return { code: error.code, message: error.message, suggestions: error.suggestions };
  return { code: null, message: error instanceof Error ? error.message : String(error), suggestions: [] };
}
