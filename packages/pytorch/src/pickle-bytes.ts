// Takes a pickle's bytes from front to back; what would run past its end is refused.

import { badPickle, overLimit } from './failures.js';
import { MAX_GLOBAL_BYTES, MAX_TEXT_BYTES } from './limits.js';

const LINE_END = 0x0a;

/** A pickle's bytes, and how far they were read. */
export class PickleBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  #at = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
  }

  /** Where the next byte is. */
  get position(): number {
    return this.#at;
  }

  /** Where the next byte is, for messages. */
  get place(): string {
    return this.placeOf(this.#at);
  }

  /** A byte's place, for messages. */
  placeOf(position: number): string {
    return `${this.#name}, byte ${position}`;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.byteLength;
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), false);
  }

  /** A whole number of `nBytes` bytes, at most 8, in two's complement. @throws ToolkitError `LIMIT_EXCEEDED` past 2^53 */
  integer(nBytes: number): number {
    if (nBytes > 8) throw overLimit(this.place, `a whole number of ${nBytes} bytes, expected at most 8`);
    const at = this.#take(nBytes);
    let value = 0n;
    for (let i = nBytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#view.getUint8(at + i));
    const found = Number(BigInt.asIntN(8 * nBytes, value));
    if (!Number.isSafeInteger(found)) throw overLimit(this.place, 'a whole number past 2^53, expected a smaller one');
    return found;
  }

  /** UTF-8 text of `nBytes` bytes. @throws ToolkitError `LIMIT_EXCEEDED`, `PYTORCH_PICKLE` */
  text(nBytes: number): string {
    if (nBytes > MAX_TEXT_BYTES) {
      throw overLimit(this.place, `a text of ${nBytes} bytes, expected at most ${MAX_TEXT_BYTES}`);
    }
    const at = this.#take(nBytes);
    return this.#decode(at, at + nBytes);
  }

  /** UTF-8 up to a line end. @throws ToolkitError `LIMIT_EXCEEDED`, `PYTORCH_PICKLE` */
  line(): string {
    const start = this.#at;
    const end = this.#bytes.subarray(start, start + MAX_GLOBAL_BYTES + 1).indexOf(LINE_END);
    if (end < 0) throw overLimit(this.place, `a name of over ${MAX_GLOBAL_BYTES} bytes, or one without an end`);
    this.#at = start + end + 1;
    return this.#decode(start, start + end);
  }

  #take(nBytes: number): number {
    const at = this.#at;
    if (at + nBytes > this.#bytes.byteLength) {
      throw badPickle(this.place, `${nBytes} more bytes, expected them before the end at ${this.#bytes.byteLength}`);
    }
    this.#at = at + nBytes;
    return at;
  }

  #decode(start: number, end: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#bytes.subarray(start, end));
    } catch {
      throw badPickle(this.place, 'a text that is not UTF-8');
    }
  }
}
