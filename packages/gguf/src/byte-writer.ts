// Little-endian values appended to a growing buffer.

import { ToolkitError } from '@llama-ts/base';
import { MAX_HEADER_BYTES } from './limits.js';

const FIRST_CAPACITY_BYTES = 4096;
/** The most bytes UTF-8 takes for one UTF-16 unit. */
const MAX_UTF8_BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();

/** Owns the buffer; {@link ByteWriter.bytes} is a view of it, whole once nothing is appended any more. */
export class ByteWriter {
  byteLength = 0;
  #bytes = new Uint8Array(FIRST_CAPACITY_BYTES);
  #view = new DataView(this.#bytes.buffer);

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.byteLength);
  }

  uint8(value: number): void {
    const byteOffset = this.#advance(1);
    this.#view.setUint8(byteOffset, value);
  }

  int8(value: number): void {
    const byteOffset = this.#advance(1);
    this.#view.setInt8(byteOffset, value);
  }

  uint16(value: number): void {
    const byteOffset = this.#advance(2);
    this.#view.setUint16(byteOffset, value, true);
  }

  int16(value: number): void {
    const byteOffset = this.#advance(2);
    this.#view.setInt16(byteOffset, value, true);
  }

  uint32(value: number): void {
    const byteOffset = this.#advance(4);
    this.#view.setUint32(byteOffset, value, true);
  }

  int32(value: number): void {
    const byteOffset = this.#advance(4);
    this.#view.setInt32(byteOffset, value, true);
  }

  float32(value: number): void {
    const byteOffset = this.#advance(4);
    this.#view.setFloat32(byteOffset, value, true);
  }

  float64(value: number): void {
    const byteOffset = this.#advance(8);
    this.#view.setFloat64(byteOffset, value, true);
  }

  uint64(value: bigint): void {
    const byteOffset = this.#advance(8);
    this.#view.setBigUint64(byteOffset, value, true);
  }

  int64(value: bigint): void {
    const byteOffset = this.#advance(8);
    this.#view.setBigInt64(byteOffset, value, true);
  }

  /** A GGUF string: its length in bytes as a uint64, then UTF-8 without a terminator. */
  string(text: string): void {
    const lengthOffset = this.#advance(8);
    this.#reserve(text.length * MAX_UTF8_BYTES_PER_UNIT);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.byteLength));
    this.#view.setBigUint64(lengthOffset, BigInt(written), true);
    this.byteLength += written;
  }

  /** Zeros up to a multiple of `alignment`. */
  pad(alignment: number): void {
    this.#advance(-this.byteLength & (alignment - 1));
  }

  /**
   * Where the next bytes go. It may replace the buffer and its view, so call it before the view is read:
   * `this.#view.setInt8(this.#advance(1), value)` would write to the view of the old buffer.
   */
  #advance(byteCount: number): number {
    this.#reserve(byteCount);
    const byteOffset = this.byteLength;
    this.byteLength += byteCount;
    return byteOffset;
  }

  #reserve(byteCount: number): void {
    const needed = this.byteLength + byteCount;
    if (needed <= this.#bytes.byteLength) return;
    if (needed > MAX_HEADER_BYTES) {
      throw new ToolkitError('LIMIT_EXCEEDED', `gguf header: over ${MAX_HEADER_BYTES} bytes, expected fewer`);
    }
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.byteLength));
    grown.set(this.bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
