// The byte-level alphabet of GPT-2: every byte is written as one printable character in tokenizer.json.

/** Byte of each character, by code point. */
const byteOfCodePoint: ReadonlyMap<number, number> = makeAlphabet();
/** Character of each byte. */
const symbolOfByte: readonly string[] = [...byteOfCodePoint]
  .sort(([, a], [, b]) => a - b)
  .map(([codePoint]) => String.fromCharCode(codePoint));

/** The bytes of a token as tokenizer.json writes it, or null when a character is not of the alphabet. */
export function decodeByteSymbols(token: string): Uint8Array | null {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = byteOfCodePoint.get(token.charCodeAt(i));
    if (byte === undefined) return null;
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
function makeAlphabet(): Map<number, number> {
  const alphabet = new Map<number, number>();
  let nextCodePoint = 256;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    alphabet.set(isPrintable ? byte : nextCodePoint++, byte);
  }
  return alphabet;
}
