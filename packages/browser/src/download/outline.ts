// Header and trailer of a model, which come first: they hold the checksums of everything else.

import {
  type BinFile,
  decodeHeader,
  HEADER_BYTES,
  layout,
  MAX_TRAILER_BYTES,
  neededHeaderBytes,
  readBinOutline,
} from '@llama-ts/format';
import { isDamage } from './http-failures.js';
import { readAll } from './remote-file.js';
import { syncSource, writeAll } from './sync-file.js';
import type { Transfer } from './transfer.js';

/** Where the weights of a file end, by its first bytes. @throws ToolkitError `NOT_A_MODEL` and others of a header */
export async function weightsEndOf(
  { remote }: Pick<Transfer, 'remote'>,
  head: Uint8Array,
  fileName: string,
): Promise<{ readonly weightsEnd: number; readonly head: Uint8Array }> {
  const needed = Math.min(neededHeaderBytes(head, fileName), remote.identity.byteLength);
  const whole = needed > head.byteLength ? await readAll(remote.read(0, needed), needed) : head;
  return { weightsEnd: layout(decodeHeader(whole, fileName)).weightsEnd, head: whole };
}

/** What header and trailer say, and how many of the file's first bytes came with them. */
export interface ReceivedOutline {
  readonly bin: BinFile;
  readonly headBytes: number;
}

/**
 * Receives header and trailer, writes them to their places, and checks them. If they are wrong they are fetched once more.
 *
 * @param head the file's first bytes
 * @throws ToolkitError of the format: `NOT_A_MODEL`, `BAD_HEADER`, `BAD_LENGTH`, `BAD_TRAILER`
 */
export async function receiveOutline(transfer: Transfer, head: Uint8Array, fileName: string): Promise<ReceivedOutline> {
  return orOnceMore(receiveOnce(transfer, head, fileName), transfer, fileName);
}

/** The same of a file that is on the disk: if it is wrong, header and trailer are fetched once more. */
export async function checkedOutline(transfer: Transfer, fileName: string): Promise<BinFile> {
  const stored = storedOutline(transfer, fileName).then((bin) => ({ bin, headBytes: 0 }));
  return (await orOnceMore(stored, transfer, fileName)).bin;
}

/** Header and trailer of a file that is on the disk. @throws ToolkitError of the format */
export function storedOutline({ model }: Pick<Transfer, 'model'>, fileName: string): Promise<BinFile> {
  return readBinOutline(syncSource(model, fileName));
}

async function orOnceMore(
  outline: Promise<ReceivedOutline>,
  transfer: Transfer,
  fileName: string,
): Promise<ReceivedOutline> {
  try {
    return await outline;
  } catch (error) {
    if (!isDamage(error)) throw error;
    const { remote, emit } = transfer;
    const { byteLength } = remote.identity;
    emit({ type: 'part-refetch', part: 'header and trailer', byteOffset: 0, byteLength });
    const headBytes = Math.min(HEADER_BYTES, byteLength);
    return receiveOnce(transfer, await readAll(remote.read(0, headBytes), headBytes), fileName);
  }
}

async function receiveOnce(transfer: Transfer, start: Uint8Array, fileName: string): Promise<ReceivedOutline> {
  const { remote, model } = transfer;
  const { byteLength } = remote.identity;
  const { weightsEnd, head } = await weightsEndOf(transfer, start, fileName);
  writeAll(model, head, 0);
  const excess = byteLength - weightsEnd;
  // A longer one is refused by the footer that is not there.
  if (excess > 0 && excess <= MAX_TRAILER_BYTES) {
    const reader = remote.read(weightsEnd, byteLength);
    let at = weightsEnd;
    for (let bytes = await reader.next(excess); bytes !== null; bytes = await reader.next(excess)) {
      writeAll(model, bytes, at);
      at += bytes.byteLength;
    }
  }
  return { bin: await storedOutline(transfer, fileName), headBytes: head.byteLength };
}
