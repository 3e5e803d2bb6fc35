// Weights read piece by piece into plain typed arrays, each when it is asked for.
import { type Openable, openSource } from '@llama-ts/base';
import { allocating } from '../allocation.js';
import { checkWeightRange } from '../check-calls.js';
import type { OpenWeightsOptions, WeightFile } from '../kernels.js';

/** Opens weights whose arrays are copies. @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`; its arrays `LIMIT_EXCEEDED`, `FILE_SHRANK` */
export async function readWeights(from: Openable, options: OpenWeightsOptions = {}): Promise<WeightFile> {
  options.signal?.throwIfAborted();
  const source = await openSource(from);
  const { name, byteLength } = source;
  const read = async <T extends Float32Array | Int8Array | Uint8Array>(byteOffset: number, into: T): Promise<T> => {
    await source.readInto(byteOffset, new Uint8Array(into.buffer), options.signal);
    return into;
  };
  return {
    byteLength,
    async float32(byteOffset, length) {
      checkWeightRange(name, byteOffset, length * Float32Array.BYTES_PER_ELEMENT, byteLength);
      return read(
        byteOffset,
        allocating(4 * length, () => new Float32Array(length)),
      );
    },
    async int8(byteOffset, length) {
      checkWeightRange(name, byteOffset, length, byteLength);
      return read(
        byteOffset,
        allocating(length, () => new Int8Array(length)),
      );
    },
    async uint8(byteOffset, length) {
      checkWeightRange(name, byteOffset, length, byteLength);
      return read(
        byteOffset,
        allocating(length, () => new Uint8Array(length)),
      );
    },
    close: () => source.close(),
  };
}
