// Bytes compared, joined and spelled, alike on every platform.

/** Characters made at once: arguments of one call. */
const MAX_CHARACTERS = 8192;
const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** Whether two arrays hold the same bytes. */
export function equalBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const { byteLength } = a;
  if (byteLength !== b.byteLength) return false;
  const isAligned = a.byteOffset % WORD_BYTES === 0 && b.byteOffset % WORD_BYTES === 0;
  const nWords = isAligned ? Math.floor(byteLength / WORD_BYTES) : 0;
  if (nWords > 0 && !equalElements(wordsOf(a, nWords), wordsOf(b, nWords))) return false;
  return equalElements(bytesFrom(a, nWords * WORD_BYTES), bytesFrom(b, nWords * WORD_BYTES));
}

/** One array after the other. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** Maps each byte to the character of that code: different bytes give different texts. TextDecoder's latin1 does not do that. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.byteLength; at += MAX_CHARACTERS) {
    text += String.fromCharCode(...bytes.subarray(at, at + MAX_CHARACTERS));
  }
  return text;
}

/** Two digits for each byte, in lower case. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes of {@link hexOf}'s text. */
export function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));
}

/** The bytes of base64 without blanks, padded. @throws DOMException for text that is not base64 */
export function bytesOfBase64(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function wordsOf({ buffer, byteOffset }: ArrayBufferView, nWords: number): Int32Array {
  return new Int32Array(buffer, byteOffset, nWords);
}

function bytesFrom({ buffer, byteOffset, byteLength }: ArrayBufferView, start: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, byteLength - start);
}

function equalElements(a: Int32Array | Uint8Array, b: Int32Array | Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
