// Finds a trailer from the end of a file, whatever its header says: where the two disagree, one of them is damaged.

import type { ByteSource } from './byte-source.js';
import { decodeFooter, equalBytes, FOOTER_BYTES, SHA256_BYTES, sha256 } from './trailer.js';

const WEIGHTS_END_OFFSET = 24;

/** First byte of a trailer that has the sha256 it states; null where there is none. */
export async function findWholeTrailer(source: ByteSource): Promise<number | null> {
  const { name, byteLength } = source;
  if (byteLength < FOOTER_BYTES) return null;
  const footer = await source.read(byteLength - FOOTER_BYTES, FOOTER_BYTES);
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  const weightsEnd = Number(view.getBigUint64(WEIGHTS_END_OFFSET, true));
  try {
    decodeFooter(footer, weightsEnd, byteLength, name);
  } catch {
    return null;
  }
  const bytes = await source.read(weightsEnd, byteLength - weightsEnd);
  const end = bytes.byteLength - SHA256_BYTES;
  return equalBytes(sha256(bytes.subarray(0, end)), bytes.subarray(end)) ? weightsEnd : null;
}
