// A checksum of a model's weights and forward settings: keys and values of one model are of no use to another.

import { type ByteSource, createSha256, type Openable, openSource, sha256 } from '@llama-ts/base';
import { type BinFile, type Checksums, type ForwardSettings, headerByteLength } from '@llama-ts/format';

const BLOCK_BYTES = 4 * 1024 * 1024;

/**
 * sha256 over the checksums of the header and of each tensor, as a trailer lists them, and the forward settings. A plain
 * file lists none and is read through; it has the checksum of the same model with a trailer.
 *
 * @returns (32)
 * @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_SHRANK`; rejects with the signal's reason
 */
export async function modelChecksum(
  from: Openable,
  file: BinFile,
  { ropeTheta, ropeScaling, normEpsilon }: ForwardSettings,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { header, tensors } = file.trailer?.checksums ?? (await readChecksums(from, file, signal));
  const scaling = ropeScaling && [
    ropeScaling.factor,
    ropeScaling.lowFreqFactor,
    ropeScaling.highFreqFactor,
    ropeScaling.originalMaxPositionEmbeddings,
  ];
  const hash = createSha256().update(header);
  for (const checksum of tensors) hash.update(checksum);
  hash.update(new TextEncoder().encode(JSON.stringify([ropeTheta, scaling, normEpsilon])));
  return hash.digest();
}

async function readChecksums(from: Openable, file: BinFile, signal: AbortSignal | undefined): Promise<Checksums> {
  const source = await openSource(from);
  try {
    const tensors: Uint8Array[] = [];
    for (const { byteOffset, byteLength } of file.layout.tensors) {
      tensors.push(await hashRange(source, byteOffset, byteLength, signal));
    }
    return { header: sha256(await source.read(0, headerByteLength(file.header))), tensors };
  } finally {
    await source.close();
  }
}

async function hashRange(
  source: ByteSource,
  byteOffset: number,
  byteLength: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const hash = createSha256();
  for (let done = 0; done < byteLength; done += BLOCK_BYTES) {
    signal?.throwIfAborted();
    hash.update(await source.read(byteOffset + done, Math.min(BLOCK_BYTES, byteLength - done)));
  }
  return hash.digest();
}
