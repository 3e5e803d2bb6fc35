// Bytes as text, which has to be UTF-8.

import { ggufError } from './gguf-error.js';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @param what is read, for messages @throws GGUF_HEADER where the bytes are not UTF-8 */
export function readText(bytes: Uint8Array, what: string, name: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw ggufError('GGUF_HEADER', name, `${what} is not UTF-8`);
  }
}
