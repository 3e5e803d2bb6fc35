// The byte-level alphabet of GPT-2: every byte is written as one printable character in tokenizer.json.

/** The byte of each code point; −1 for a code point without one. Later code points have none. */
export const byteOfCodePoint: Int16Array = makeAlphabet();
/** Character of each byte. */
const symbolOfByte: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  String.fromCharCode(byteOfCodePoint.indexOf(byte)),
);

/** The bytes of a token as tokenizer.json writes it, or null when a character is not of the alphabet. */
export function decodeByteSymbols(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = byteOfCodePoint[token.charCodeAt(i)] ?? -1;
    if (byte < 0) return null;
    bytes[i] = byte;
  }
  return bytes;
}

/** A token's bytes as tokenizer.json writes them. */
export function encodeByteSymbols(bytes: Uint8Array): string {
  let symbols = '';
  for (const byte of bytes) symbols += symbolOfByte[byte]!;
  return symbols;
}

/** @see openai/gpt-2, encoder.py, `bytes_to_unicode` */
function makeAlphabet(): Int16Array {
  const isPrintable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const others = bytes.filter((byte) => !isPrintable(byte));
  return Int16Array.from([...bytes.map((byte) => (isPrintable(byte) ? byte : -1)), ...others]);
}
