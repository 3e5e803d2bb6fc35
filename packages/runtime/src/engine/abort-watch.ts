// One listener for each signal, however many requests it ends: Node warns of a leak at more than ten.

/** Watches signals. */
export interface AbortWatch {
  /** Calls back when a signal is aborted, until the returned function is called. */
  watch(signal: AbortSignal, onAbort: (reason: unknown) => void): () => void;
}

interface Watched {
  readonly callbacks: Set<(reason: unknown) => void>;
  readonly listener: () => void;
}

export function createAbortWatch(): AbortWatch {
  const watched = new Map<AbortSignal, Watched>();

  function begin(signal: AbortSignal): Watched {
    const callbacks = new Set<(reason: unknown) => void>();
    const listener = (): void => {
      for (const callback of [...callbacks]) callback(signal.reason);
    };
    const entry: Watched = { callbacks, listener };
    watched.set(signal, entry);
    signal.addEventListener('abort', listener);
    return entry;
  }

  return {
    watch(signal, onAbort) {
      const { callbacks, listener } = watched.get(signal) ?? begin(signal);
      const callback = (reason: unknown): void => onAbort(reason);
      callbacks.add(callback);
      return () => {
        if (!callbacks.delete(callback) || callbacks.size > 0) return;
        signal.removeEventListener('abort', listener);
        watched.delete(signal);
      };
    },
  };
}
