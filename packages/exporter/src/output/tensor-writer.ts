// Writes the blocks of one tensor to a .bin file and hashes them, with its scales and the zeros after it.

import { PAGE_BYTES } from '@llama-ts/base';
import type { DurableFile } from '@llama-ts/durable';
import { type BinTensor, columnsOf, scaleBytes, scaleCount } from '@llama-ts/format';
import { type Kernels, startSha256 } from '@llama-ts/kernels';
import type { EncodedBlock } from './encode-blocks.js';

/** Takes the blocks of one tensor. */
export interface TensorWriter {
  /** Starts the writing of a block and returns its bytes. */
  write(encoded: EncodedBlock): number;
  /** Waits until the tensor is written. */
  finish(): Promise<{ readonly checksum: Uint8Array; readonly maxError: number | null }>;
}

/** Buffers for the scales of tensors, which are reused: new memory costs more time than the writing. */
export interface ScalesPool {
  /** A buffer for `length` scales, at the same offset in a page of memory as `byteOffset` in a page of the file. */
  take(length: number, byteOffset: number): Float32Array;
  giveBack(scales: Float32Array): void;
}

export function createScalesPool({ allocate }: Kernels): ScalesPool {
  const whole: Uint8Array[] = [];
  const taken = new Map<Float32Array, Uint8Array>();
  return {
    take(length, byteOffset) {
      const nBytes = PAGE_BYTES + 4 * length;
      const fitting = whole.findIndex(({ byteLength }) => byteLength >= nBytes);
      const [memory = allocate.filled(nBytes)] = fitting < 0 ? [] : whole.splice(fitting, 1);
      const start = Math.floor((byteOffset % PAGE_BYTES) / 4) * 4;
      const scales = new Float32Array(memory.buffer, memory.byteOffset + start, length);
      taken.set(scales, memory);
      return scales;
    },
    giveBack(scales) {
      whole.push(taken.get(scales)!);
      taken.delete(scales);
    },
  };
}

/** A tensor's separate scales follow its values, in the file and in the checksum; zeros follow in v3. */
export function tensorWriter(tensor: BinTensor, pool: ScalesPool, file: DurableFile): TensorWriter {
  const { encoding, scalesByteOffset, nValues } = tensor;
  const nScales = scaleCount(encoding, nValues);
  const allScales = nScales > 0 ? pool.take(nScales, scalesByteOffset) : null; // (rows, cols / groupSize)
  const end = scalesByteOffset + scaleBytes(encoding, nValues);
  const padding = new Uint8Array(tensor.byteOffset + tensor.byteLength - end);
  const hash = startSha256();
  const writes: Promise<void>[] = [];
  const run = file.startRun(tensor.byteOffset);
  let highest: number | null = null;

  return {
    write({ block, bytes, scales, maxError, release }) {
      const done = Promise.all([run.write(bytes), hash.update(bytes)]).then(() => undefined);
      release(done);
      writes.push(done);
      if (maxError !== null) highest = Math.max(highest ?? 0, maxError);
      if (scales === null) return bytes.byteLength;
      allScales!.set(scales, scaleCount(encoding, block.firstRow * columnsOf(tensor)));
      return bytes.byteLength + scales.byteLength;
    },
    async finish() {
      if (allScales !== null) {
        const bytes = new Uint8Array(allScales.buffer, allScales.byteOffset, allScales.byteLength);
        writes.push(file.writeAt(bytes, scalesByteOffset));
        void hash.update(bytes);
      }
      if (padding.byteLength > 0) {
        writes.push(run.write(padding));
        void hash.update(padding);
      }
      writes.push(run.end());
      await Promise.all(writes);
      const checksum = await hash.digest();
      if (allScales !== null) pool.giveBack(allScales);
      return { checksum, maxError: highest };
    },
  };
}
