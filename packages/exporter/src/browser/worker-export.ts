// The worker's side of an export in a page.

import { isToolkitError, joinPath, mountFolder } from '@llama-ts/base';
import { exportModel } from '../export-model.js';
import { checkedSource } from '../hub/checked-source.js';
import { fetchSnapshot } from '../hub/fetch-snapshot.js';
import type { ModelSource } from '../source/model-source.js';
import { openModelSource } from '../source/open-model-source.js';
import type { Failure, FromWorker, TabSource, WorkerExportOptions } from './worker-messages.js';

/** Exports, and posts events and how it ended. Never rejects. */
export async function runExport(
  source: TabSource,
  options: WorkerExportOptions,
  { signal, post }: { readonly signal: AbortSignal; readonly post: (message: FromWorker) => void },
): Promise<void> {
  try {
    const opened = await openTabSource(source, signal);
    try {
      const events = exportModel({ ...options, source: opened, signal });
      for (;;) {
        const { done, value } = await events.next();
        if (done) return post({ type: 'end', result: value });
        post({ type: 'event', event: value });
      }
    } finally {
      await opened.close();
    }
  } catch (error) {
    post({ type: 'failure', failure: failureOf(error) });
  }
}

/** Opens what a page chose. A File alone, such as a GGUF, is opened as that file. */
async function openTabSource(source: TabSource, signal: AbortSignal): Promise<ModelSource> {
  if ('repo' in source) return openRepository(source, signal);
  const { name, files } = source;
  const { path, unmount } = mountFolder(name, files);
  const [only] = files.size === 1 ? files.keys() : [];
  const opened = await openModelSource(only === undefined ? path : joinPath(path, only), { signal });
  return closingWith(opened, unmount);
}

async function openRepository(source: Extract<TabSource, { repo: string }>, signal: AbortSignal): Promise<ModelSource> {
  const snapshot = await fetchSnapshot({ ...source, signal });
  const opened = await openModelSource(source.repo, { download: async () => snapshot, signal });
  return closingWith(checkedSource(opened, snapshot.listedSha256), snapshot.release);
}

function closingWith(source: ModelSource, release: () => void): ModelSource {
  return {
    ...source,
    async close() {
      await source.close();
      release();
    },
  };
}

function failureOf(error: unknown): Failure {
  if (isToolkitError(error)) {
    const { code, message, suggestions } = error;
    return { code, message, suggestions };
  }
  return { code: null, message: error instanceof Error ? error.message : String(error), suggestions: [] };
}
