// Builds safetensors files from literal header text.

export { failureOf } from '../helpers/failure.js';
export { withFolder } from '../helpers/scratch-folder.js';

/** A file: the length of `header` as eight little-endian bytes, `header`, `data`. */
export function fileOf(header: string | Uint8Array, data: string | Uint8Array = ''): Uint8Array {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  return new Uint8Array(Buffer.concat([length, json, Buffer.from(data)]));
}
