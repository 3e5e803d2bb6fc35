// Bytes from the server to their places in the file, hashed on their way, and vouched for in the journal once they are on the
// disk. At most a few MiB are in memory.

import { equalBytes, nextTask } from '@llama-ts/base';
import { wrongTensor } from '../failures.js';
import type { ByteRange } from '../journal.js';
import type { DownloadEvent } from './download-messages.js';
import type { Hasher } from './hasher.js';
import type { Marks } from './marks.js';
import { type Part, runsOf } from './parts.js';
import type { RangeReader, RemoteFile } from './remote-file.js';
import { type SyncAccessHandle, writeAll } from './sync-file.js';

/** Bytes of one read from the disk. */
const BLOCK_BYTES = 1024 * 1024;
/** The most bytes of one write. */
const MAX_WRITE_BYTES = 4 * 1024 * 1024;

/** What a download works with. */
export interface Transfer {
  readonly name: string;
  readonly remote: RemoteFile;
  readonly model: SyncAccessHandle;
  readonly marks: Marks;
  readonly hasher: Hasher;
  readonly signal: AbortSignal;
  emit(event: DownloadEvent): void;
  /** Counts received bytes. */
  count(nBytes: number): void;
}

/**
 * Receives parts and verifies each as it is whole. One that is wrong is fetched once more.
 *
 * @param received what is there of the part that begins at its begin
 * @param headBytes how many of the file's first bytes are there
 * @throws ToolkitError `BAD_CHECKSUM` for a part that is wrong twice
 */
export async function receiveParts(
  transfer: Transfer,
  parts: readonly Part[],
  { received, headBytes }: { readonly received: ByteRange | null; readonly headBytes: number },
): Promise<void> {
  for (const run of runsOf(parts)) {
    const { begin } = run[0]!;
    const { end } = run.at(-1)!;
    const known = received !== null && received[0] === begin ? received[1] : begin;
    const start = Math.max(known, Math.min(headBytes, end));
    const reader = transfer.remote.read(start, end);
    try {
      for (const part of run) {
        await receivePart(transfer, reader, part, Math.min(part.end, Math.max(start, part.begin)));
      }
    } finally {
      reader.cancel();
    }
  }
}

/** Receives the bytes of a range that nothing verifies as they come. @param start where `range` goes on */
export async function receiveUnverified(transfer: Transfer, range: ByteRange, start: number): Promise<void> {
  const reader = transfer.remote.read(start, range[1]);
  try {
    await receive(transfer, reader, range, start, () => {});
    transfer.marks.received(range);
  } finally {
    reader.cancel();
  }
}

/** Verifies parts by what is on the disk. Nothing of it goes into the journal, which says then that all is received. @throws ToolkitError `BAD_CHECKSUM` */
export async function verifyParts(transfer: Transfer, parts: readonly Part[]): Promise<void> {
  const { hasher } = transfer;
  for (const part of parts) {
    hasher.begin();
    await hashStored(transfer, part.begin, part.end);
    if (!equalBytes(hasher.end(), part.checksum)) await refetch(transfer, part);
  }
}

async function receivePart(transfer: Transfer, reader: RangeReader, part: Part, start: number): Promise<void> {
  const { marks, hasher } = transfer;
  hasher.begin();
  await hashStored(transfer, part.begin, start);
  await receive(transfer, reader, [part.begin, part.end], start, hasher.add);
  if (!equalBytes(hasher.end(), part.checksum)) {
    // A download that goes on later must not go on with these bytes.
    marks.received([part.begin, part.begin]);
    await refetch(transfer, part);
  }
  marks.verified([part.begin, part.end]);
}

/** Receives what is missing of a range. What is there at its end its user marks. */
async function receive(
  transfer: Transfer,
  reader: RangeReader,
  [begin, end]: ByteRange,
  start: number,
  use: (bytes: Uint8Array) => void,
): Promise<void> {
  const { model, marks, signal, count } = transfer;
  for (let at = start; at < end; ) {
    signal.throwIfAborted();
    const bytes = (await reader.next(Math.min(MAX_WRITE_BYTES, end - at)))!;
    writeAll(model, bytes, at);
    use(bytes);
    at += bytes.byteLength;
    count(bytes.byteLength);
    if (at < end) marks.received([begin, at]);
  }
}

async function refetch(transfer: Transfer, { name, begin, end, checksum }: Part): Promise<void> {
  const { remote, model, hasher, emit } = transfer;
  const byteLength = end - begin;
  emit({ type: 'part-refetch', part: name, byteOffset: begin, byteLength });
  const reader = remote.read(begin, end);
  try {
    hasher.begin();
    for (let at = begin; at < end; ) {
      const bytes = (await reader.next(MAX_WRITE_BYTES))!;
      writeAll(model, bytes, at);
      hasher.add(bytes);
      at += bytes.byteLength;
    }
    if (!equalBytes(hasher.end(), checksum)) throw wrongTensor(transfer.name, name, begin, byteLength);
  } finally {
    reader.cancel();
  }
}

/** Hashes bytes that are on the disk. */
async function hashStored({ model, hasher, signal }: Transfer, begin: number, end: number): Promise<void> {
  const block = new Uint8Array(Math.min(BLOCK_BYTES, end - begin));
  for (let at = begin; at < end; ) {
    const bytes = block.subarray(0, Math.min(block.byteLength, end - at));
    const nBytes = model.read(bytes, { at });
    if (nBytes === 0) throw new Error(`the file ends at byte ${at}`);
    hasher.add(bytes.subarray(0, nBytes));
    at += nBytes;
    await nextTask();
    signal.throwIfAborted();
  }
}
