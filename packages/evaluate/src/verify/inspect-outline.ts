// Reads header and trailer of a file, and where that fails says which of them is at fault.

import {
  type BinFile,
  type ByteSource,
  decodeHeader,
  findWholeTrailer,
  HEADER_BYTES,
  isToolkitError,
  layout,
  readBinOutline,
} from '@llama-ts/format';
import type { Finding } from './verify-result.js';

/** What readBinOutline says of a damaged file; other failures are not the file's. */
const damageCodes = ['NOT_A_MODEL', 'BAD_VERSION', 'BAD_HEADER', 'BAD_LENGTH', 'BAD_TRAILER'];

/** The outline, or what is wrong with it. */
export async function inspectOutline(source: ByteSource): Promise<BinFile | Finding> {
  try {
    return await readBinOutline(source);
  } catch (error) {
    if (!isToolkitError(error) || !damageCodes.includes(error.code)) throw error;
    const part = await partAtFault(error.code, source);
    // The message of a length or a trailer that does not fit names them, though the header is what changed.
    const prefix = part === 'header' && error.code !== 'BAD_HEADER' ? `${source.name}: the header is damaged: ` : '';
    return { part, tensor: null, code: error.code, message: `${prefix}${error.message}`, position: null };
  }
}

async function partAtFault(code: string, source: ByteSource): Promise<Finding['part']> {
  if (code === 'BAD_HEADER') return 'header';
  const weightsEnd = await weightsEndOf(source);
  const trailerStart = await findWholeTrailer(source);
  // A trailer that vouches for itself is right about where the weights end.
  if (trailerStart !== null) return weightsEnd === trailerStart ? 'trailer' : 'header';
  if (weightsEnd === null) return 'header';
  return weightsEnd < source.byteLength ? 'trailer' : 'length';
}

async function weightsEndOf(source: ByteSource): Promise<number | null> {
  try {
    const start = await source.read(0, Math.min(HEADER_BYTES, source.byteLength));
    return layout(decodeHeader(start, source.name)).weightsEnd;
  } catch {
    return null;
  }
}
