// The length of a trailer before the file is written: digests of any value take the same bytes.

import { joinPath, pathStatus } from '@llama-ts/base';
import { type BinVersion, encodeTrailer, type Quantization, tensorShapes } from '@llama-ts/format';
import { describeModel } from '../describe-model.js';
import type { ModelSource } from '../source/model-source.js';

const SHA256_BYTES = 32;

/** Bytes of the trailer that an export of a source on this machine writes; 0 for one without the facts of a trailer. */
export async function trailerByteLength(
  source: ModelSource,
  version: BinVersion,
  quantization?: Quantization | null,
): Promise<number> {
  const { dimensions, tokenizer, folder, files } = source;
  const sha256 = '0'.repeat(2 * SHA256_BYTES);
  const sizeOf = async (path: string): Promise<number> => (await pathStatus(joinPath(folder, path))).size;
  const passed = await Promise.all(files.map(async (path) => ({ path, byteLength: await sizeOf(path), sha256 })));
  const description = describeModel(source, await source.provenance({ passed }), version, quantization);
  if (description === null) return 0;
  const noChecksum = (): Uint8Array => new Uint8Array(SHA256_BYTES);
  const checksums = { header: noChecksum(), tensors: tensorShapes(version, dimensions).map(noChecksum) };
  return encodeTrailer({ description, tokenizer, checksums }, 0).byteLength;
}
