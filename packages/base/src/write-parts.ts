// Writes bytes that come in parts where a header has promised how many there are.

import type { ByteSink } from './platform/platform.js';
import { quote } from './quote.js';
import { ToolkitError } from './toolkit-error.js';

/**
 * The bytes of a tensor: whole, or a function that yields them in parts. The function is called when the tensor's turn comes, and a
 * part may be reused once the next one is asked for.
 */
export type PartsOfBytes = Uint8Array | (() => AsyncIterable<Uint8Array> | Iterable<Uint8Array>);

/**
 * Writes the bytes of a tensor, as many as its header says.
 *
 * @throws ToolkitError `INVALID_ARGUMENT` for more or fewer bytes; what the sink throws
 */
export async function writeParts(
  sink: ByteSink,
  { name, byteLength }: { readonly name: string; readonly byteLength: number },
  data: PartsOfBytes,
  signal?: AbortSignal,
): Promise<void> {
  const wrongLength = (found: string): ToolkitError => {
    const message = `tensor ${quote(name)}: its source yielded ${found} bytes, expected ${byteLength}`;
    return new ToolkitError('INVALID_ARGUMENT', message);
  };
  let written = 0;
  signal?.throwIfAborted();
  for await (const part of data instanceof Uint8Array ? [data] : data()) {
    signal?.throwIfAborted();
    written += part.byteLength;
    // Before writing: the bytes in excess would be taken for the next tensor's.
    if (written > byteLength) throw wrongLength(`at least ${written}`);
    await sink.write(part);
  }
  if (written < byteLength) throw wrongLength(`${written}`);
}
