// Allocation of typed arrays. Running out of memory is a ToolkitError, whether V8 or a backend reports it.
import { ToolkitError } from '@llama-ts/base';
import type { Allocator } from './kernels.js';

/** @throws ToolkitError `INVALID_ARGUMENT` for a length that no array can have */
export function checkLength(length: number): void {
  if (!(Number.isSafeInteger(length) && length >= 0)) {
    throw new ToolkitError('INVALID_ARGUMENT', `allocate: length is ${length}, expected a whole number from 0`);
  }
}

/** Calls `make`, which allocates `byteLength` bytes. @throws ToolkitError `LIMIT_EXCEEDED` if there is no memory for them */
export function allocating<T>(byteLength: number, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    // V8 throws a RangeError if it gets no memory, and for lengths that it cannot address.
    if (!(cause instanceof RangeError)) throw cause;
    throw noMemoryError(byteLength, cause);
  }
}

export function noMemoryError(byteLength: number, cause?: unknown): ToolkitError {
  return new ToolkitError('LIMIT_EXCEEDED', `no memory for ${byteLength} bytes`, { cause });
}

/**
 * Arrays on buffers that `block` returns: the buffer, and the offset of the first byte.
 *
 * @throws ToolkitError `LIMIT_EXCEEDED`, `INVALID_ARGUMENT`
 */
export function arrayAllocator(block: (byteLength: number) => [ArrayBufferLike, number]): Allocator {
  const on =
    <T>(bytesPerElement: number, make: (buffer: ArrayBufferLike, byteOffset: number, length: number) => T) =>
    (length: number): T => {
      checkLength(length);
      const byteLength = bytesPerElement * length;
      return allocating(byteLength, () => make(...block(byteLength), length));
    };
  const uint8 = on(1, (...place) => new Uint8Array(...place));
  return {
    float32: on(4, (...place) => new Float32Array(...place)),
    int8: on(1, (...place) => new Int8Array(...place)),
    int32: on(4, (...place) => new Int32Array(...place)),
    uint16: on(2, (...place) => new Uint16Array(...place)),
    uint8,
    filled: uint8,
  };
}
