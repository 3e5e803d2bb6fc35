// Starts a download in a worker of its own and waits for its end.

import { ToolkitError } from '@llama-ts/base';
import type { DownloadEvent, DownloadRequest, Failure, FromWorker, ToWorker } from './download/download-messages.js';

/**
 * Downloads a model in a worker.
 *
 * @throws ToolkitError; rejects with the signal's reason once the worker has let go of the model
 */
export async function startDownload(
  request: DownloadRequest,
  {
    signal,
    onProgress,
  }: { readonly signal: AbortSignal | undefined; readonly onProgress: (event: DownloadEvent) => void },
): Promise<void> {
  signal?.throwIfAborted();
  // Bundlers find the file by `new URL('…', import.meta.url)` written out.
  const worker = new Worker(new URL('./download-worker.js', import.meta.url), { type: 'module' });
  const post = (message: ToWorker): void => worker.postMessage(message);
  const abort = (): void => post({ type: 'abort' });
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.onerror = (event) => reject(notStarted(event.message));
      worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
        switch (data.type) {
          case 'event':
            onProgress(data.event);
            return;
          case 'done':
            resolve();
            return;
          case 'aborted':
            reject(signal!.reason);
            return;
          case 'failed':
            reject(errorOf(data.failure));
        }
      };
      post({ type: 'start', request });
    });
  } finally {
    signal?.removeEventListener('abort', abort);
    worker.terminate();
  }
}

function notStarted(message: string | undefined): ToolkitError {
  const reason = message || 'its file cannot be loaded';
  return new ToolkitError('STORE_FAILED', `download-worker.js of @llama-ts/browser does not run: ${reason}`, {
    suggestions: ['copy node_modules/@llama-ts/browser/dist/download-worker.js to where the page has its script'],
  });
}

function errorOf({ code, message, suggestions }: Failure): Error {
  return code === null ? new ToolkitError('INTERNAL', message) : new ToolkitError(code, message, { suggestions });
}
