// An independent GGUF reader, after docs/gguf.md of ggml, and files to read.

import { strict as assert } from 'node:assert';
import { type GgufFile, type GgufMetadata, serializeHeader, type TensorSpec } from '@llama-ts/gguf';

export { failureOf } from '../helpers/failure.js';
export { withFolder } from '../helpers/scratch-folder.js';

/** What a file says, with tensor shapes innermost first as stored. */
export interface ParsedGguf {
  readonly version: number;
  readonly metadata: [key: string, kindId: number, value: unknown][];
  readonly tensors: { name: string; dims: bigint[]; typeId: number; offset: bigint }[];
  /** Where tensor data begins. */
  readonly dataStart: number;
}

/** Reads a whole file; every byte of the header is consumed. */
export function parseGguf(file: Uint8Array): ParsedGguf {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = 0;
  const take = <T>(size: number, read: (offset: number) => T): T => {
    at += size;
    return read(at - size);
  };
  const u32 = () => take(4, (offset) => view.getUint32(offset, true));
  const u64 = () => take(8, (offset) => view.getBigUint64(offset, true));
  const text = () => {
    const length = Number(u64());
    return take(length, (offset) => Buffer.from(file.subarray(offset, offset + length)).toString('utf8'));
  };
  const readValue = (kindId: number): unknown => {
    switch (kindId) {
      case 0:
        return take(1, (offset) => view.getUint8(offset));
      case 1:
        return take(1, (offset) => view.getInt8(offset));
      case 2:
        return take(2, (offset) => view.getUint16(offset, true));
      case 3:
        return take(2, (offset) => view.getInt16(offset, true));
      case 4:
        return u32();
      case 5:
        return take(4, (offset) => view.getInt32(offset, true));
      case 6:
        return take(4, (offset) => view.getFloat32(offset, true));
      case 7:
        return take(1, (offset) => view.getUint8(offset)) === 1;
      case 8:
        return text();
      case 9: {
        const itemKind = u32();
        return Array.from({ length: Number(u64()) }, () => readValue(itemKind));
      }
      case 10:
        return u64();
      case 11:
        return take(8, (offset) => view.getBigInt64(offset, true));
      case 12:
        return take(8, (offset) => view.getFloat64(offset, true));
      default:
        return assert.fail(`kind ${kindId} at byte ${at}`);
    }
  };
  assert.equal(Buffer.from(file.subarray(0, 4)).toString('latin1'), 'GGUF');
  at = 4;
  const version = u32();
  const tensorCount = Number(u64());
  const metadataCount = Number(u64());
  const metadata = Array.from({ length: metadataCount }, (): [string, number, unknown] => {
    const key = text();
    const kindId = u32();
    return [key, kindId, readValue(kindId)];
  });
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = text();
    const dims = Array.from({ length: u32() }, u64);
    return { name, dims, typeId: u32(), offset: u64() };
  });
  const dataStart = Math.ceil(at / 32) * 32;
  assert.ok(file.subarray(at, dataStart).every((byte) => byte === 0));
  return { version, metadata, tensors, dataStart };
}

/** A whole file. @param byteAt its data, by the place in it; default zeros */
export function ggufBytes(
  tensors: readonly TensorSpec[],
  metadata: GgufMetadata,
  byteAt: (i: number) => number = () => 0,
): Uint8Array {
  const { bytes, fileByteLength } = serializeHeader(tensors, metadata);
  const file = new Uint8Array(fileByteLength);
  file.set(bytes);
  for (let i = 0; i < fileByteLength - bytes.byteLength; i++) file[bytes.byteLength + i] = byteAt(i);
  return file;
}

/** The metadata of a file as the writer takes it. */
export function metadataOf({ metadata }: Pick<GgufFile, 'metadata'>): [key: string, value: unknown][] {
  return [...metadata].map(([key, entry]) => {
    if (entry.kind !== 'array') return [key, entry];
    const { length } = entry.values;
    const values = entry.of === 'string' ? Array.from({ length }, (_, i) => entry.values.at(i)) : [...entry.values];
    return [key, { ...entry, values }];
  });
}
