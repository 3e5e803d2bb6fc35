// Arrays for one test: between guard bytes that read as NaN, and watched for writes to inputs.

import { strict as assert } from 'node:assert';
import type { Kernels } from '@llama-ts/kernels';

// Odd, so that arrays start at addresses no wider load is aligned to. 0xff bytes are NaN in float32 and half precision.
const GUARD_ELEMENTS = 5;
const GUARD_BYTE = 0xff;

type NumberArray = Float32Array | Int8Array | Int32Array | Uint16Array | Uint8Array;

interface Entry {
  readonly whole: NumberArray;
  readonly inner: NumberArray;
  /** null where kernels may write. */
  readonly original: NumberArray | null;
}

/** Allocates from `kernels`; `check` looks at guards and inputs. */
export class Arena {
  readonly #kernels: Kernels;
  readonly #entries: Entry[] = [];

  constructor(kernels: Kernels) {
    this.#kernels = kernels;
  }

  /** An input that must not change. */
  float32(values: ArrayLike<number>): Float32Array {
    return this.#place(this.#kernels.allocate.float32(values.length + 2 * GUARD_ELEMENTS), values, true);
  }

  int8(values: ArrayLike<number>): Int8Array {
    return this.#place(this.#kernels.allocate.int8(values.length + 2 * GUARD_ELEMENTS), values, true);
  }

  int32(values: ArrayLike<number>): Int32Array {
    return this.#place(this.#kernels.allocate.int32(values.length + 2 * GUARD_ELEMENTS), values, true);
  }

  uint16(values: ArrayLike<number>): Uint16Array {
    return this.#place(this.#kernels.allocate.uint16(values.length + 2 * GUARD_ELEMENTS), values, true);
  }

  uint8(values: ArrayLike<number>): Uint8Array {
    return this.#place(this.#kernels.allocate.uint8(values.length + 2 * GUARD_ELEMENTS), values, true);
  }

  /** An array that kernels change in place. */
  inOut(values: ArrayLike<number>): Float32Array {
    return this.#place(this.#kernels.allocate.float32(values.length + 2 * GUARD_ELEMENTS), values, false);
  }

  /** An output, filled with NaN. */
  out(length: number): Float32Array {
    return this.inOut(new Float32Array(length).fill(Number.NaN));
  }

  outInt8(length: number): Int8Array {
    return this.#place(
      this.#kernels.allocate.int8(length + 2 * GUARD_ELEMENTS),
      new Int8Array(length).fill(-128),
      false,
    );
  }

  outInt32(length: number): Int32Array {
    const empty = new Int32Array(length).fill(-1);
    return this.#place(this.#kernels.allocate.int32(length + 2 * GUARD_ELEMENTS), empty, false);
  }

  outUint16(length: number): Uint16Array {
    const empty = new Uint16Array(length).fill(0xffff);
    return this.#place(this.#kernels.allocate.uint16(length + 2 * GUARD_ELEMENTS), empty, false);
  }

  /** Fails when a kernel wrote beside an output or into an input. */
  check(): void {
    for (const { whole, inner, original } of this.#entries) {
      const bytes = new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength);
      const guardBytes = GUARD_ELEMENTS * whole.BYTES_PER_ELEMENT;
      for (const guard of [bytes.subarray(0, guardBytes), bytes.subarray(bytes.length - guardBytes)]) {
        assert.ok(
          guard.every((byte) => byte === GUARD_BYTE),
          'a kernel wrote outside of an array',
        );
      }
      if (original !== null) assert.deepEqual(inner, original, 'a kernel changed its input');
    }
  }

  #place<T extends NumberArray>(whole: T, values: ArrayLike<number>, isInput: boolean): T {
    new Uint8Array(whole.buffer, whole.byteOffset, whole.byteLength).fill(GUARD_BYTE);
    const inner = whole.subarray(GUARD_ELEMENTS, GUARD_ELEMENTS + values.length) as T;
    inner.set(values);
    this.#entries.push({ whole, inner, original: isInput ? inner.slice() : null });
    return inner;
  }
}

/** Runs what `queue` queues and returns its arrays, having checked guards and inputs. */
export async function compute<T>(kernels: Kernels, queue: (arena: Arena) => T): Promise<T> {
  const arena = new Arena(kernels);
  const result = queue(arena);
  await kernels.run();
  arena.check();
  return result;
}
