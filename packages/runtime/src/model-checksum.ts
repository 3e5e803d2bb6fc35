// What tells one model's keys and values from another's: a checksum of its weights and of the settings of the pass.

import { createHash } from 'node:crypto';
import {
  type BinFile,
  type ByteSource,
  type Checksums,
  type ForwardSettings,
  headerByteLength,
  openFile,
  sha256,
} from '@llama-ts/format';

const BLOCK_BYTES = 4 * 1024 * 1024;

/**
 * sha256 over the checksums of the header and of each tensor, as a trailer lists them, and the forward settings. A
 * plain file lists none: it is read through once, and has the checksum of its twin with a trailer.
 *
 * @returns (32)
 * @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_SHRANK`; rejects with the signal's reason
 */
export async function modelChecksum(
  path: string,
  file: BinFile,
  { ropeTheta, ropeScaling, normEpsilon }: ForwardSettings,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { header, tensors } = file.trailer?.checksums ?? (await readChecksums(path, file, signal));
  const scaling = ropeScaling && [
    ropeScaling.factor,
    ropeScaling.lowFreqFactor,
    ropeScaling.highFreqFactor,
    ropeScaling.originalMaxPositionEmbeddings,
  ];
  const hash = createHash('sha256').update(header);
  for (const checksum of tensors) hash.update(checksum);
  hash.update(JSON.stringify([ropeTheta, scaling, normEpsilon]));
  return new Uint8Array(hash.digest());
}

async function readChecksums(path: string, file: BinFile, signal: AbortSignal | undefined): Promise<Checksums> {
  const source = await openFile(path);
  try {
    const tensors: Uint8Array[] = [];
    for (const { byteOffset, byteLength } of file.layout.tensors) {
      tensors.push(await hashRange(source, byteOffset, byteLength, signal));
    }
    return { header: sha256(await source.read(0, headerByteLength(file.header.version))), tensors };
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
  const hash = createHash('sha256');
  for (let done = 0; done < byteLength; done += BLOCK_BYTES) {
    signal?.throwIfAborted();
    hash.update(await source.read(byteOffset + done, Math.min(BLOCK_BYTES, byteLength - done)));
  }
  return new Uint8Array(hash.digest());
}
