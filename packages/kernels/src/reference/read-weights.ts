// A file of weights, read piece by piece into plain typed arrays.
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { allocating } from '../allocation.js';
import { checkWeightRange } from '../check-calls.js';
import type { OpenWeightsOptions, WeightFile } from '../kernels.js';
import { ToolkitError } from '../toolkit-error.js';

/** One read of the operating system returns less than 2 GiB. */
const MAX_READ_BYTES = 2 ** 30;

/** Opens a file whose arrays are copies, read when asked for. @throws ToolkitError `FILE_UNREADABLE`; its arrays `LIMIT_EXCEEDED` */
export async function readWeights(path: string, options: OpenWeightsOptions = {}): Promise<WeightFile> {
  options.signal?.throwIfAborted();
  const { file, byteLength } = await openFile(path);
  const read = <T extends Float32Array | Int8Array>(byteOffset: number, into: T): T => {
    readFully(path, file.fd, byteOffset, new Uint8Array(into.buffer));
    return into;
  };
  return {
    byteLength,
    float32(byteOffset, length) {
      checkWeightRange(path, byteOffset, length * Float32Array.BYTES_PER_ELEMENT, byteLength);
      return read(
        byteOffset,
        allocating(4 * length, () => new Float32Array(length)),
      );
    },
    int8(byteOffset, length) {
      checkWeightRange(path, byteOffset, length, byteLength);
      return read(
        byteOffset,
        allocating(length, () => new Int8Array(length)),
      );
    },
    close: () => file.close(),
  };
}

async function openFile(path: string): Promise<{ file: FileHandle; byteLength: number }> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('it is not a regular file');
    return { file, byteLength: stat.size };
  } catch (cause) {
    await file?.close();
    throw unreadable(path, cause);
  }
}

function readFully(path: string, fd: number, byteOffset: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    const count = readOnce(path, fd, byteOffset + done, bytes.subarray(done, done + MAX_READ_BYTES));
    if (count === 0) {
      const end = byteOffset + bytes.length;
      throw new ToolkitError(
        'FILE_SHRANK',
        `${path}: ends at byte ${byteOffset + done}, expected ${end} as when opened`,
      );
    }
    done += count;
  }
}

function readOnce(path: string, fd: number, position: number, into: Uint8Array): number {
  try {
    return readSync(fd, into, 0, into.length, position);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): ToolkitError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ToolkitError('FILE_UNREADABLE', `${path}: cannot be read: ${reason}`, { cause });
}
