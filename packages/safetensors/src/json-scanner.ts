// A strict pull scanner over the bytes of a JSON text. JSON.parse would hide what must be refused here: repeated keys,
// 1.0 for 1, integers past 2^53; and it would build ten million objects before the first of them could be judged.

import { quote } from '@llama-ts/base';
import { MAX_JSON_DEPTH } from './limits.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Digits of the longest integer worth converting: one more than 2^53 − 1 has. */
const MAX_INTEGER_DIGITS = 17;

/** The kind of the next value, by its first byte. */
export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'true' | 'false' | 'null' | 'other';

/** Where a problem in the text was met; the caller adds the file's name and a code. */
export class JsonProblem extends Error {}

/** Walks one JSON text. The caller asks for what it expects; anything else throws {@link JsonProblem}. */
export class JsonScanner {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #at: number;
  /** The last token opened an object or array, so that its first member comes without a comma. */
  #opened = false;

  /** Scans `bytes[start, end)`; offsets in messages count from the start of `bytes`. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.byteLength) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Offset of the next token. */
  get byteOffset(): number {
    this.#skipSpace();
    return this.#at;
  }

  /** Kind of the next value, without consuming it. */
  peek(): JsonKind {
    this.#skipSpace();
    switch (this.#peekByte()) {
      case OPEN_BRACE:
        return 'object';
      case OPEN_BRACKET:
        return 'array';
      case QUOTE:
        return 'string';
      case 0x74:
        return 'true';
      case 0x66:
        return 'false';
      case 0x6e:
        return 'null';
      default:
        return this.#peekByte() === MINUS || isDigit(this.#peekByte()) ? 'number' : 'other';
    }
  }

  /** Takes `{`. */
  enterObject(what: string): void {
    this.#open(OPEN_BRACE, `${what}, an object`);
  }

  /** Takes `[`. */
  enterArray(what: string): void {
    this.#open(OPEN_BRACKET, `${what}, an array`);
  }

  /** Takes the next key and its colon, or the closing brace and returns null. */
  nextKey(): string | null {
    if (!this.#nextMember(CLOSE_BRACE)) return null;
    const key = this.string('a key');
    this.#skipSpace();
    if (this.#peekByte() !== COLON) throw this.#unexpected('a colon');
    this.#at += 1;
    return key;
  }

  /** Whether the array has another element; takes the comma, or the closing bracket. */
  nextElement(): boolean {
    return this.#nextMember(CLOSE_BRACKET);
  }

  /** Takes a string. */
  string(what: string): string {
    this.#skipSpace();
    if (this.#peekByte() !== QUOTE) throw this.#unexpected(`${what}, a string`);
    const start = this.#at;
    let at = start + 1;
    let escaped = false;
    for (; ; at++) {
      if (at >= this.#end) throw this.problem(`a string that does not end`, start, 'a closing quote');
      const byte = this.#bytes[at]!;
      if (byte === QUOTE) break;
      if (byte < 0x20) throw this.problem(`control byte ${hex(byte)} in a string`, at, 'an escape such as \\n');
      if (byte === BACKSLASH) {
        escaped = true;
        at++;
      }
    }
    this.#at = at + 1;
    if (escaped) return this.#unescape(start, at + 1);
    return this.#decode(start + 1, at);
  }

  /** Takes an integer from 0 to 2^53 − 1, written without fraction or exponent. */
  unsignedInteger(what: string): number {
    const expected = `${what}, an integer from 0 to ${Number.MAX_SAFE_INTEGER}`;
    if (this.peek() !== 'number') throw this.#unexpected(expected);
    const start = this.#at;
    this.#skipNumber();
    const written = this.#decode(start, Math.min(this.#at, start + MAX_INTEGER_DIGITS + 1));
    const value = /^\d+$/.test(written) ? Number(written) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw this.problem(written, start, expected);
    return value;
  }

  /** Takes `null`. */
  null(what: string): void {
    if (this.peek() !== 'null') throw this.#unexpected(`${what}, null`);
    this.#skipWord('null');
  }

  /**
   * Takes any value, checked but not built: memory is bounded by {@link MAX_JSON_DEPTH}, whatever the text.
   *
   * @returns the value as written when it is a number, else an empty string
   */
  skipValue(): string {
    if (this.peek() === 'number') {
      const start = this.#at;
      this.#skipNumber();
      return this.#decode(start, this.#at);
    }
    const closers: number[] = [];
    for (;;) {
      const kind = this.peek();
      if (kind === 'object' || kind === 'array') {
        if (closers.length === MAX_JSON_DEPTH) {
          throw this.problem(`nesting deeper than ${MAX_JSON_DEPTH}`, this.#at, `at most ${MAX_JSON_DEPTH} levels`);
        }
        closers.push(kind === 'object' ? CLOSE_BRACE : CLOSE_BRACKET);
        this.#open(kind === 'object' ? OPEN_BRACE : OPEN_BRACKET, 'a value');
      } else {
        this.#skipScalar(kind);
      }
      while (closers.length > 0) {
        const more = closers.at(-1) === CLOSE_BRACE ? this.nextKey() !== null : this.nextElement();
        if (more) break;
        closers.pop();
      }
      if (closers.length === 0) return '';
    }
  }

  /** Checks that only white space follows. */
  finish(): void {
    this.#skipSpace();
    if (this.#at < this.#end) throw this.#unexpected('the end of the JSON text');
  }

  /** A problem at a byte, in the words of this package: where, found, expected. */
  problem(found: string, byteOffset: number, expected: string): JsonProblem {
    return new JsonProblem(`${found} at byte ${byteOffset}, expected ${expected}`);
  }

  #skipScalar(kind: JsonKind): void {
    if (kind === 'string') this.string('a value');
    else if (kind === 'number') this.#skipNumber();
    else if (kind === 'true' || kind === 'false' || kind === 'null') this.#skipWord(kind);
    else throw this.#unexpected('a value');
  }

  #open(byte: number, expected: string): void {
    this.#skipSpace();
    if (this.#peekByte() !== byte) throw this.#unexpected(expected);
    this.#at += 1;
    this.#opened = true;
  }

  #nextMember(closer: number): boolean {
    this.#skipSpace();
    const first = this.#opened;
    this.#opened = false;
    const byte = this.#peekByte();
    if (byte === closer) {
      this.#at += 1;
      return false;
    }
    if (first) return true;
    if (byte !== COMMA) throw this.#unexpected(`a comma or ${quote(String.fromCharCode(closer))}`);
    this.#at += 1;
    this.#skipSpace();
    if (this.#peekByte() === closer) throw this.#unexpected('another member after the comma');
    return true;
  }

  #skipNumber(): void {
    const start = this.#at;
    if (this.#peekByte() === MINUS) this.#at += 1;
    const leadingZero = this.#peekByte() === 0x30;
    const integerDigits = this.#skipDigits();
    let valid = integerDigits > 0 && !(leadingZero && integerDigits > 1);
    if (valid && this.#peekByte() === DOT) {
      this.#at += 1;
      valid = this.#skipDigits() > 0;
    }
    if (valid && (this.#peekByte() | 0x20) === 0x65) {
      this.#at += 1;
      if (this.#peekByte() === 0x2b || this.#peekByte() === MINUS) this.#at += 1;
      valid = this.#skipDigits() > 0;
    }
    if (!valid) {
      const written = this.#decode(start, Math.min(this.#at + 1, start + MAX_INTEGER_DIGITS, this.#end));
      throw this.problem(`malformed number ${quote(written)}`, start, 'a JSON number');
    }
  }

  #skipDigits(): number {
    const start = this.#at;
    while (isDigit(this.#peekByte())) this.#at += 1;
    return this.#at - start;
  }

  #skipWord(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.#peekByte() !== word.charCodeAt(i)) throw this.#unexpected(word);
      this.#at += 1;
    }
  }

  #skipSpace(): void {
    while (this.#at < this.#end && isSpace(this.#bytes[this.#at]!)) this.#at += 1;
  }

  /** The byte at the cursor, or −1 at the end. */
  #peekByte(): number {
    return this.#at < this.#end ? this.#bytes[this.#at]! : -1;
  }

  #decode(start: number, end: number): string {
    try {
      return this.#text.decode(this.#bytes.subarray(start, end));
    } catch {
      throw this.problem('bytes that are not UTF-8', start, 'UTF-8 text');
    }
  }

  /** A quoted string with escapes; a lone surrogate has no UTF-8 form, so no writer can have meant it. */
  #unescape(start: number, end: number): string {
    const written = this.#decode(start, end);
    let text: string;
    try {
      text = JSON.parse(written) as string;
    } catch {
      throw this.problem(`unknown escape in ${quote(written)}`, start, 'a JSON string');
    }
    if (/\p{Surrogate}/u.test(text)) throw this.problem(`lone surrogate in ${quote(text)}`, start, 'a pair');
    return text;
  }

  #unexpected(expected: string): JsonProblem {
    const byte = this.#peekByte();
    if (byte < 0) return this.problem('the text ends', this.#at, expected);
    const printable = byte > 0x20 && byte < 0x7f;
    return this.problem(
      printable ? `found '${String.fromCharCode(byte)}'` : `found byte ${hex(byte)}`,
      this.#at,
      expected,
    );
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
