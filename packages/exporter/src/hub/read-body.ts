// Passes on a response's bytes as they arrive.

import type { Connection } from './connection.js';
import { networkFailure } from './hub-failures.js';

/** How to read. */
export interface ReadBodyOptions {
  readonly url: URL;
  readonly signal: AbortSignal;
  readonly kick: () => void;
  /** Takes the next bytes; an error of its own ends the transfer. */
  readonly onChunk: (chunk: Uint8Array) => Promise<void> | void;
}

/** Reads a body to its end. @throws RetryableFailure when the connection breaks; what `onChunk` throws */
export async function readBody(connection: Connection, response: Response, options: ReadBodyOptions): Promise<void> {
  const { url, signal, kick, onChunk } = options;
  kick();
  if (response.body === null) return;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        signal.throwIfAborted();
        throw networkFailure(connection, url, error);
      });
      if (done) return;
      await onChunk(value);
      kick();
      signal.throwIfAborted();
    }
  } finally {
    // Closes the connection when the rest is not wanted; fails only where it is broken already.
    await reader.cancel().catch(() => undefined);
  }
}
