// Reads header and trailer of a file; where that fails, it says which of them is damaged.

import { type ByteSource, type ErrorCode, isToolkitError } from '@llama-ts/base';
import {
  type BinFile,
  decodeHeader,
  findWholeTrailer,
  layout,
  readBinOutline,
  readHeaderBytes,
} from '@llama-ts/format';
import type { Finding } from './verify-result.js';
import { withoutSubject } from './verify-verdict.js';

/** Error codes of readBinOutline for a damaged file; other failures are not the file's. */
const damageCodes = ['NOT_A_MODEL', 'BAD_VERSION', 'BAD_HEADER', 'BAD_LENGTH', 'BAD_TRAILER'];

/** The outline, or what is wrong with it. */
export async function inspectOutline(source: ByteSource): Promise<BinFile | Finding> {
  try {
    return await readBinOutline(source);
  } catch (error) {
    if (!isToolkitError(error) || !damageCodes.includes(error.code)) throw error;
    const part = await partAtFault(error.code, source);
    // A damaged header states the wrong sizes, so that the error blames the length or the trailer, which are right.
    const isMisled = part === 'header' && (error.code === 'BAD_LENGTH' || error.code === 'BAD_TRAILER');
    const said = withoutSubject(error.message, source.name);
    const message = isMisled ? `${source.name}: the header is damaged: ${said}` : error.message;
    return { part, tensor: null, code: error.code, message, position: null };
  }
}

async function partAtFault(code: ErrorCode, source: ByteSource): Promise<Finding['part']> {
  if (code === 'BAD_HEADER') return 'header';
  const weightsEnd = await weightsEndOf(source);
  const trailerStart = await findWholeTrailer(source);
  // Where the trailer has the right checksum, the weights end where it starts, whatever the header states.
  if (trailerStart !== null) return weightsEnd === trailerStart ? 'trailer' : 'header';
  if (weightsEnd === null) return 'header';
  return weightsEnd < source.byteLength ? 'trailer' : 'length';
}

async function weightsEndOf(source: ByteSource): Promise<number | null> {
  try {
    return layout(decodeHeader(await readHeaderBytes(source), source.name)).weightsEnd;
  } catch {
    return null;
  }
}
