// A download from its first request to its last line in the journal. It runs in a worker, and holds the model's lock.

import { type BinFile, headerByteLength } from '@llama-ts/format';
import { keepsChanging, noChecksums, storeFailed, storeFull } from '../failures.js';
import { type ByteRange, type Identity, isSameFile, type JournalContent, receivedBytes } from '../journal.js';
import { fileNameOf } from '../names.js';
import { MODEL_FILE, openStoreFolder, removeModelFolder } from '../store-folder.js';
import { findModel } from '../stored-models.js';
import type { DownloadEvent, DownloadRequest, Opening } from './download-messages.js';
import { createHasher } from './hasher.js';
import { FileChanged, isDamage } from './http-failures.js';
import { type JournalFile, openJournal } from './journal-file.js';
import { createMarks } from './marks.js';
import { checkedOutline, receiveOutline, storedOutline, weightsEndOf } from './outline.js';
import { missingParts } from './parts.js';
import { createProgress } from './progress.js';
import { knownRemote, openRemote, type RemoteFile, type RemoteOptions } from './remote-file.js';
import { openSyncFile, type SyncAccessHandle, writeAll } from './sync-file.js';
import { receiveParts, receiveUnverified, type Transfer, verifyParts } from './transfer.js';
import { withModelLock } from './with-model-lock.js';

/** The first request of a download that starts anew brings the header, in v3 with its table, and tells what the file is. */
const HEAD_BYTES = 64 * 1024;
/** Times that a download starts anew because the file changed. */
const MAX_CHANGES = 3;

/** A download, or what is to be fetched anew because the file changed. */
interface Attempt extends Omit<DownloadRequest, 'opening'> {
  /** null where what the plan found is there no more. */
  readonly opening: Opening | null;
  /** Bytes of the file when the plan was made. */
  readonly byteLength: number;
}

/** How a download reports and ends. */
export interface DownloadOptions {
  readonly signal: AbortSignal;
  readonly emit: (event: DownloadEvent) => void;
}

/** The open files of a model. */
interface Files {
  readonly model: SyncAccessHandle;
  readonly journal: JournalFile;
}

/**
 * Downloads a model into the store, or what is missing of it.
 *
 * @throws ToolkitError `BAD_CHECKSUM`, `NO_CHECKSUMS`, `DISK_FULL`, `STORE_FAILED`, `SOURCE_CHANGED`, of the hub and of the
 *   format; rejects with the signal's reason
 */
export async function downloadModel(request: DownloadRequest, { signal, emit }: DownloadOptions): Promise<void> {
  const { key, name } = request;
  const store = await openStoreFolder();
  await withModelLock(key, { signal, emit }, async (emitToAll) => {
    if (await isDone(request, store)) return;
    for (let nChanges = 0; ; nChanges++) {
      const { byteLength } = request.opening.identity;
      const opening = nChanges === 0 ? request.opening : null;
      const changed = await attempt({ ...request, opening, byteLength }, store, { signal, emit: emitToAll });
      if (changed === null) return;
      emitToAll({ type: 'file-changed', droppedBytes: changed.droppedBytes });
      if (nChanges === MAX_CHANGES) throw keepsChanging(name);
    }
  });
}

/** Whether another tab has downloaded the model meanwhile: it may be read by now, so no handle of it is opened. */
async function isDone(request: DownloadRequest, store: FileSystemDirectoryHandle): Promise<boolean> {
  if (request.update) return false;
  const model = await findModel(store, request.name);
  return model !== null && (model.isChecked || request.unchecked);
}

/** @returns null once the model is whole; what was dropped if the file changed, and all of it is to be fetched */
async function attempt(
  request: Attempt,
  store: FileSystemDirectoryHandle,
  options: DownloadOptions,
): Promise<{ readonly droppedBytes: number } | null> {
  const { key, name } = request;
  const { signal } = options;
  let files: Files | null = null;
  let shouldRemove = false;
  try {
    const folder = await store.getDirectoryHandle(key, { create: true });
    files = await openFiles(folder);
    await download(request, files, options);
    return null;
  } catch (error) {
    const journal = files?.journal.current() ?? null;
    shouldRemove = journal === null || receivedBytes(journal) === 0;
    signal.throwIfAborted();
    if (error instanceof FileChanged) {
      shouldRemove = true;
      return { droppedBytes: journal === null ? 0 : receivedBytes(journal) };
    }
    if (!(error instanceof DOMException)) throw error;
    if (error.name !== 'QuotaExceededError') throw storeFailed(name, error);
    shouldRemove = true;
    throw storeFull(name, request.byteLength, null, error);
  } finally {
    files?.model.close();
    files?.journal.close();
    if (shouldRemove) await removeModelFolder(store, key);
  }
}

async function openFiles(folder: FileSystemDirectoryHandle): Promise<Files> {
  const journal = await openJournal(folder);
  try {
    return { journal, model: await openSyncFile(folder, MODEL_FILE) };
  } catch (error) {
    journal.close();
    throw error;
  }
}

async function download(request: Attempt, files: Files, options: DownloadOptions): Promise<void> {
  const { name, url, headers, maxRetries, unchecked, update, opening } = request;
  const { model, journal } = files;
  const { signal, emit } = options;
  const remoteOptions: RemoteOptions = {
    url,
    headers,
    maxRetries,
    signal,
    onRetry: (retry) => emit({ type: 'download-retry', ...retry }),
  };
  const found = journal.current();
  const isUsable = found !== null && model.getSize() === found.facts.byteLength && receivedBytes(found) > 0;
  if (isUsable && found.complete !== null) {
    if (!found.complete.isChecked && !unchecked) throw noChecksums(name);
    if (!update || isSameFile(found.facts, opening?.identity ?? (await identityNow(remoteOptions)))) return;
    throw new FileChanged();
  }
  const fileName = fileNameOf(url);
  let remote: RemoteFile;
  let head: Uint8Array<ArrayBuffer> | null = null;
  if (isUsable) remote = knownRemote(remoteOptions, found.facts, found.facts.servesRanges);
  else {
    ({ remote, head } = opened(opening, remoteOptions) ?? (await openRemote(remoteOptions, HEAD_BYTES)));
    const { identity, servesRanges } = remote;
    journal.begin({ ...identity, name, url, servesRanges, started: new Date().toISOString() });
    takePlace(model, identity.byteLength);
    if (!unchecked && (await isPlain(remote, head, fileName))) throw noChecksums(name);
  }
  const { byteLength } = remote.identity;
  const received = isUsable ? receivedBytes(found) : 0;
  emit({ type: 'download-start', receivedBytes: received, byteLength });
  const { count, end } = createProgress(emit, received, byteLength);
  const marks = createMarks(model, journal);
  let isChecked: boolean;
  try {
    const transfer: Transfer = { name, remote, model, marks, hasher: await createHasher(), signal, emit, count };
    isChecked = await receiveRest(transfer, { journal: journal.current()!, head, fileName });
  } finally {
    end();
    marks.write();
  }
  journal.append({ complete: new Date().toISOString(), isChecked });
}

/** Takes all of a file's place at once: where there is not enough, nothing is downloaded. Some browsers do not say so. */
function takePlace(model: SyncAccessHandle, byteLength: number): void {
  model.truncate(0);
  model.truncate(byteLength);
  if (model.getSize() !== byteLength) throw new DOMException('the file cannot be as long', 'QuotaExceededError');
}

async function identityNow(options: RemoteOptions): Promise<Identity> {
  const { remote } = await openRemote(options, 1);
  return remote.identity;
}

/** The file as the plan found it. Later requests tell whether it is still that. */
function opened(opening: Opening | null, options: RemoteOptions) {
  if (opening === null) return null;
  const { identity, servesRanges, head } = opening;
  return { remote: knownRemote(options, identity, servesRanges), head };
}

/** Whether a file ends at its last weight. What else is wrong with it shows later. */
async function isPlain(remote: RemoteFile, head: Uint8Array, fileName: string): Promise<boolean> {
  const outline = await weightsEndOf({ remote }, head, fileName).catch((error: unknown) => {
    if (isDamage(error)) return null;
    throw error;
  });
  return outline?.weightsEnd === remote.identity.byteLength;
}

/** What is there at the start of a transfer. */
interface Start {
  readonly journal: JournalContent;
  /** The file's first bytes at the beginning of a download; null when it goes on. */
  readonly head: Uint8Array<ArrayBuffer> | null;
  readonly fileName: string;
}

/**
 * Receives what is missing. Where the server sends parts, header and trailer come first and each tensor is checked as it comes;
 * else, and of a plain file, everything comes first.
 *
 * @returns whether every byte was checked
 */
async function receiveRest(transfer: Transfer, { journal, head, fileName }: Start): Promise<boolean> {
  const { remote, marks, count } = transfer;
  const { byteLength } = remote.identity;
  const { verified, received } = journal;
  const comesWhole =
    head === null ? verified.length === 0 : !remote.servesRanges || (await isPlain(remote, head, fileName));
  if (comesWhole) {
    const there = head !== null && remote.servesRanges ? putHead(transfer, head) : (received?.[1] ?? 0);
    await receiveUnverified(transfer, [0, byteLength], there);
    const bin = await checkedOutline(transfer, fileName);
    if (bin.trailer === null) return false;
    await verifyParts(transfer, missingParts(bin, []));
    return true;
  }
  if (head === null) {
    const bin = await storedOutline(transfer, fileName);
    await receiveParts(transfer, missingParts(bin, verified), { received, headBytes: 0 });
    return true;
  }
  const { bin, headBytes } = await receiveOutline(transfer, head, fileName);
  for (const range of outlineRanges(bin, byteLength)) {
    marks.verified(range);
    count(range[1] - range[0]);
  }
  count(Math.max(0, Math.min(headBytes, bin.layout.weightsEnd) - headerByteLength(bin.header)));
  await receiveParts(transfer, missingParts(bin, []), { received: null, headBytes });
  return true;
}

/** Puts the first bytes of a file to their place; returns how many they are. */
function putHead({ model, count }: Transfer, head: Uint8Array<ArrayBuffer>): number {
  writeAll(model, head, 0);
  count(head.byteLength);
  return head.byteLength;
}

/** Where header and trailer are. */
function outlineRanges({ header, layout }: BinFile, byteLength: number): readonly ByteRange[] {
  return [
    [0, headerByteLength(header)],
    [layout.weightsEnd, byteLength],
  ];
}
