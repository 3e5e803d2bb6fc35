// Exports a model in a page: a dedicated worker reads, computes and writes, and the page sees events.

import { ToolkitError } from '@llama-ts/base';
import type { ExportEvent, ExportResult } from '../export-model.js';
import type { WebWorker } from '../platform/browser-api.js';
import { privateFile } from './private-file.js';
import type { Failure, FromWorker, TabSource, ToWorker, WorkerExportOptions } from './worker-messages.js';

declare const Worker: new (url: URL, options: { readonly type: 'module' }) => WebWorker;

/** Options of {@link exportInWorker}. */
export interface ExportInWorkerOptions extends WorkerExportOptions {
  /** A folder or file that was chosen, or a repository to fetch. */
  readonly source: TabSource;
  readonly signal?: AbortSignal | undefined;
}

/** The result of an export in a page. */
export interface ExportedFile extends ExportResult {
  /** The file in the private file system: to open as a model, or to save. */
  readonly file: Blob;
}

/**
 * Exports to a file of the origin's private file system, with the bytes that exportModel writes in Node. It appears under its name once
 * it is complete; on failure, abort or an early `return()` nothing is left, and what a closed tab leaves the next export of that name
 * replaces. The memory that it takes does not grow with the model.
 *
 * @throws ToolkitError what exportModel throws
 * @example
 * const folder = await pickFolder();
 * for await (const event of exportInWorker({ source: folder, output: 'model.bin', version: 2 })) show(event);
 */
export async function* exportInWorker({
  source,
  signal,
  ...options
}: ExportInWorkerOptions): AsyncGenerator<ExportEvent, ExportedFile> {
  signal?.throwIfAborted();
  // Bundlers find the file by `new URL('…', import.meta.url)` written out, and copy it.
  const worker = new Worker(new URL('./platform/browser-export-worker.js', import.meta.url), { type: 'module' });
  const messages: FromWorker[] = [];
  let wake = (): void => {};
  const take = (message: FromWorker): void => {
    messages.push(message);
    wake();
  };
  const post = (message: ToWorker): void => worker.postMessage(message);
  worker.onmessage = ({ data }) => take(data as FromWorker);
  worker.onerror = ({ message = 'its file cannot be loaded' }) =>
    take({ type: 'failure', failure: { code: 'INTERNAL', message: `the worker ended: ${message}`, suggestions: [] } });
  const onAbort = (): void => post({ type: 'abort' });
  signal?.addEventListener('abort', onAbort, { once: true });
  let hasEnded = false;
  const next = async (): Promise<FromWorker> => {
    while (messages.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const message = messages.shift()!;
    if (message.type !== 'event') hasEnded = true;
    return message;
  };
  try {
    post({ type: 'start', source, options });
    for (;;) {
      const message = await next();
      if (message.type === 'event') yield message.event;
      if (message.type === 'failure') throw signal?.aborted === true ? signal.reason : errorOf(message.failure);
      if (message.type === 'end') return { ...message.result, file: await privateFile(options.output) };
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    // The worker removes the file that it has begun.
    if (!hasEnded) post({ type: 'abort' });
    while (!hasEnded) await next();
    worker.terminate();
  }
}

function errorOf({ code, message, suggestions }: Failure): Error {
  return code === null ? new Error(message) : new ToolkitError(code, message, { suggestions });
}
