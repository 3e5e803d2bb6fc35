// A cursor over bytes that refuses to read past the end, for the trailer's sections.

import { ToolkitError } from '@llama-ts/base';

/** Reads little-endian fields one after another; errors name the section and the byte in it. */
export class ByteReader {
  private offset = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint32(what: string): number {
    const value = this.view.getUint32(this.advance(4, what), true);
    return value;
  }

  /** (length) A view where the bytes lie on a multiple of 4, as in a trailer read whole; else a copy. */
  uint32Array(length: number, what: string): Uint32Array {
    const start = this.advance(4 * length, what);
    const byteOffset = this.bytes.byteOffset + start;
    if (byteOffset % 4 === 0) return new Uint32Array(this.bytes.buffer, byteOffset, length);
    const values = new Uint32Array(length);
    new Uint8Array(values.buffer).set(this.bytes.subarray(start, start + 4 * length));
    return values;
  }

  /** (length) A view. */
  bytesOf(length: number, what: string): Uint8Array {
    const start = this.advance(length, what);
    return this.bytes.subarray(start, start + length);
  }

  /** @throws ToolkitError `BAD_TRAILER` unless everything was read */
  end(): void {
    if (this.offset !== this.bytes.byteLength) {
      throw badTrailer(
        `${this.name}: ${this.bytes.byteLength - this.offset} bytes too many at its byte ${this.offset}`,
      );
    }
  }

  private advance(length: number, what: string): number {
    const start = this.offset;
    if (start + length > this.bytes.byteLength) {
      throw badTrailer(`${this.name}: ends at its byte ${this.bytes.byteLength} inside ${what}`);
    }
    this.offset = start + length;
    return start;
  }
}

/** The error of every damaged trailer; code that knows the file's path adds a suggestion. */
export function badTrailer(message: string, cause?: unknown): ToolkitError {
  return new ToolkitError('BAD_TRAILER', message, { cause });
}
