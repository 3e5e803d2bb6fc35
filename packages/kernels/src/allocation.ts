// Memory that is not to be had is an error of the toolkit, whoever was asked for it.
import type { Allocator } from './kernels.js';
import { ToolkitError } from './toolkit-error.js';

/** @throws ToolkitError `INVALID_ARGUMENT` for a length that no array has */
export function checkLength(length: number): void {
  if (!(Number.isSafeInteger(length) && length >= 0)) {
    throw new ToolkitError('INVALID_ARGUMENT', `allocate: length is ${length}, expected a whole number from 0`);
  }
}

/** Makes arrays of `byteLength` bytes in all. @throws ToolkitError `LIMIT_EXCEEDED` where there is no memory for them */
export function allocating<T>(byteLength: number, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    // V8 tells of memory that it cannot get, and of lengths above what it can address, by a RangeError.
    if (!(cause instanceof RangeError)) throw cause;
    throw noMemoryError(byteLength, cause);
  }
}

export function noMemoryError(byteLength: number, cause?: unknown): ToolkitError {
  return new ToolkitError('LIMIT_EXCEEDED', `no memory for ${byteLength} bytes`, { cause });
}

/**
 * Arrays on buffers that `block` gives: the buffer, and where in it the bytes start.
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
