// Finds a trailer from the end of a file without its header: if they disagree, one of them is damaged.

import { type ByteSource, equalBytes, sha256 } from '@llama-ts/base';
import { decodeFooter, FOOTER_BYTES, SHA256_BYTES } from './trailer.js';

const WEIGHTS_END_OFFSET = 24;

/** First byte of a trailer whose sha256 is right; null if there is none. */
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
