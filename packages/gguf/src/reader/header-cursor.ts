// Reads little-endian values from the start of a file, of which no more is in memory than what was asked for so far.

import type { ByteSource } from '@llama-ts/base';
import { MAX_READ_HEADER_BYTES } from '../limits.js';
import { ggufError } from './gguf-error.js';

/** Bytes that are read first: the settings of a model, but not its tokens. */
const FIRST_WINDOW_BYTES = 64 * 1024;

/** Thrown where a value goes on after the bytes in memory; {@link HeaderCursor.step} reads more and tries again. */
const END_OF_WINDOW = Symbol('end of window');

/** A place in the header. Values are read within {@link HeaderCursor.step}. */
export class HeaderCursor {
  /** Offset of the next value. */
  at = 0;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #neededBytes = 0;
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;

  constructor(source: ByteSource, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  get name(): string {
    return this.#source.name;
  }

  /** The file's size. */
  get byteLength(): number {
    return this.#source.byteLength;
  }

  /** Reads with `read`, again from where it began whenever it reaches the end of the bytes in memory. */
  async step<T>(read: () => T): Promise<T> {
    for (const start = this.at; ; this.at = start) {
      try {
        return read();
      } catch (error) {
        if (error !== END_OF_WINDOW) throw error;
        await this.#grow();
      }
    }
  }

  /** The next `length` bytes, as a view that later reads do not change. @throws GGUF_TRUNCATED where the file is shorter */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  float32(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  uint64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8), true);
  }

  /**
   * A count or a length of things that take at least `bytesEach` bytes of the header.
   *
   * @throws GGUF_TRUNCATED where the rest of the file is too short for them
   */
  count(bytesEach: number, what: string): number {
    const start = this.at;
    const count = this.uint64();
    const left = this.byteLength - this.at;
    if (count * BigInt(bytesEach) > BigInt(left)) {
      const found = `${count} ${what} at byte ${start} and ${left} bytes after it`;
      throw ggufError('GGUF_TRUNCATED', this.name, `${found}, expected at least ${count * BigInt(bytesEach)}`);
    }
    // In memory before anything is allocated for them.
    const end = this.at;
    this.#take(Number(count) * bytesEach);
    this.at = end;
    return Number(count);
  }

  /** The bytes of a string. @param what is read, for messages */
  string(what: string): Uint8Array {
    return this.bytes(this.count(1, `bytes of ${what}`));
  }

  #take(length: number): number {
    const start = this.at;
    const end = start + length;
    if (end > this.#bytes.byteLength) {
      this.#neededBytes = end;
      throw END_OF_WINDOW;
    }
    this.at = end;
    return start;
  }

  /** At least doubles the window, up to the end of the file. */
  async #grow(): Promise<void> {
    const needed = this.#neededBytes;
    const { byteLength, name } = this.#source;
    if (needed > byteLength) {
      throw ggufError('GGUF_TRUNCATED', name, `ends at byte ${byteLength} within its header, expected more bytes`);
    }
    if (needed > MAX_READ_HEADER_BYTES) {
      throw ggufError('LIMIT_EXCEEDED', name, `a header of over ${MAX_READ_HEADER_BYTES} bytes, expected fewer`);
    }
    const doubled = Math.max(needed, 2 * this.#bytes.byteLength, FIRST_WINDOW_BYTES);
    const grown = new Uint8Array(Math.min(doubled, byteLength, MAX_READ_HEADER_BYTES));
    grown.set(this.#bytes);
    await this.#source.readInto(this.#bytes.byteLength, grown.subarray(this.#bytes.byteLength), this.#signal);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
