// A model's lifetime: one pass at a time, and an end that reaches every pass and every caller.

import { ToolkitError } from '@llama-ts/base';

/** A model's kernels and files, from opening to closing. */
export interface ModelLifetime {
  /** Aborted, with `MODEL_CLOSED` as its reason, by the first call of `close`. */
  readonly closed: AbortSignal;
  /**
   * Runs a pass. Its arrays must not change until it ends.
   *
   * @param signal of the caller; the pass gets one that is aborted by `close` too
   * @throws ToolkitError `MODEL_CLOSED`; `MODEL_BUSY` while another pass is under way; the signal's reason
   */
  pass<T>(work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Ends the running pass, waits for it, and releases everything. Later calls wait for the first. */
  close(): Promise<void>;
}

/** @param release releases what the passes work with */
export function createModelLifetime(release: () => Promise<void>): ModelLifetime {
  const closing = new AbortController();
  const closed = closing.signal;
  let underWay: Promise<unknown> | null = null;
  let end: Promise<void> | null = null;

  async function finish(): Promise<void> {
    closing.abort(
      new ToolkitError('MODEL_CLOSED', 'model is closed', { suggestions: ['open it again: openModel(path)'] }),
    );
    await underWay;
    await release();
  }

  return {
    closed,
    async pass(work, signal) {
      closed.throwIfAborted();
      if (underWay !== null) throw busy();
      const running = withEitherSignal(closed, signal, work);
      underWay = running.catch(() => undefined);
      try {
        const result = await running;
        // The results of a cancelled pass mean nothing.
        closed.throwIfAborted();
        return result;
      } finally {
        underWay = null;
      }
    },
    close() {
      end ??= finish();
      return end;
    },
  };
}

/** Does work with a signal that is aborted as soon as one of two is. */
export async function withEitherSignal<T>(
  closed: AbortSignal,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return work(closed);
  signal.throwIfAborted();
  // Not AbortSignal.any: a signal that lives as long as the model would keep what it made for every pass.
  const either = new AbortController();
  const onClose = (): void => either.abort(closed.reason);
  const onAbort = (): void => either.abort(signal.reason);
  closed.addEventListener('abort', onClose);
  signal.addEventListener('abort', onAbort);
  try {
    return await work(either.signal);
  } finally {
    closed.removeEventListener('abort', onClose);
    signal.removeEventListener('abort', onAbort);
  }
}

function busy(): ToolkitError {
  return new ToolkitError('MODEL_BUSY', 'model: called while a pass is under way, expected one at a time', {
    suggestions: [
      'take the lock: model.withLock(() => model.forward(batch))',
      'run requests together: createEngine(model)',
    ],
  });
}
