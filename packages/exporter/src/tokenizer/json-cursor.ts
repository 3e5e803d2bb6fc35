// A position in the bytes of a JSON text, and steps over what is expected there. After the end it reads a byte that
// no UTF-8 text has.

export const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c] as const;
export const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d] as const;
const [TAB, NEWLINE, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20] as const;
const [ZERO, NINE] = [0x30, 0x39] as const;
/** Most digits of an id. A double holds every number of nine digits exactly. */
const MAX_DIGITS = 9;

/** A place that functions move forward. */
export interface JsonCursor {
  readonly bytes: Uint8Array;
  at: number;
}

/** Steps over this byte; false where another is. */
export function takeByte(cursor: JsonCursor, byte: number): boolean {
  if (cursor.bytes[cursor.at] !== byte) return false;
  cursor.at++;
  return true;
}

/** Steps over white space and then this byte; false where another is. */
export function takeMark(cursor: JsonCursor, mark: number): boolean {
  skipSpace(cursor);
  return takeByte(cursor, mark);
}

/** Steps over white space and then a whole number as ids are written; −1 without a number. */
export function takeId(cursor: JsonCursor): number {
  skipSpace(cursor);
  const { bytes, at: start } = cursor;
  let value = 0;
  let at = start;
  for (; bytes[at]! >= ZERO && bytes[at]! <= NINE; at++) value = 10 * value + bytes[at]! - ZERO;
  const nDigits = at - start;
  if (nDigits === 0 || nDigits > MAX_DIGITS || (nDigits > 1 && bytes[start] === ZERO)) return -1;
  cursor.at = at;
  return value;
}

/** Index of the quote that ends the string beginning at `start`; the length or more without such a quote. */
export function endOfString(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

function skipSpace(cursor: JsonCursor): void {
  const { bytes } = cursor;
  let { at } = cursor;
  while (bytes[at] === SPACE || bytes[at] === NEWLINE || bytes[at] === RETURN || bytes[at] === TAB) at++;
  cursor.at = at;
}
