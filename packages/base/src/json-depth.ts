// How deep a JSON text is nested, found before it is parsed: code that shows or walks a value that is too deep runs out of stack.

/** Deepest nesting of a JSON file; those of a checkpoint stay under 10. */
export const MAX_JSON_DEPTH = 100;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Whether brackets outside of strings are ever open more than {@link MAX_JSON_DEPTH} at a time. The text may be no JSON. */
export function isJsonTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < bytes.byteLength; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) isInString = !isInString;
    else if (isInString) i += byte === BACKSLASH ? 1 : 0;
    else if (byte === CLOSING_BRACKET || byte === CLOSING_BRACE) depth--;
    else if ((byte === OPENING_BRACKET || byte === OPENING_BRACE) && ++depth > MAX_JSON_DEPTH) return true;
  }
  return false;
}
