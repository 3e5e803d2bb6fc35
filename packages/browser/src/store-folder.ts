// The folder of the store in the origin private file system:
//
//   llama-ts-models/KEY/model.bin   the bytes, each at its place, as long as the whole file from the start
//   llama-ts-models/KEY/journal     which of them are verified (journal.ts)

import { noStore } from './failures.js';

const STORE = 'llama-ts-models';

/** A model's bytes in its folder. */
export const MODEL_FILE = 'model.bin';

/** What is known of those bytes. */
export const JOURNAL_FILE = 'journal';

/** @throws ToolkitError `STORE_FAILED` where the browser gives the page no files */
export async function openStoreFolder(): Promise<FileSystemDirectoryHandle> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle(STORE, { create: true });
  } catch (cause) {
    throw noStore(cause);
  }
}

/** A model's folder; null if there is none. */
export async function findModelFolder(
  store: FileSystemDirectoryHandle,
  key: string,
): Promise<FileSystemDirectoryHandle | null> {
  return store.getDirectoryHandle(key).catch(nullIfMissing);
}

/** The bytes of a file in a folder; null if there is none. */
export async function findFile(folder: FileSystemDirectoryHandle, name: string): Promise<File | null> {
  const handle = await folder.getFileHandle(name).catch(nullIfMissing);
  return handle === null ? null : handle.getFile().catch(nullIfMissing);
}

/** Removes a model's folder if it is there. */
export async function removeModelFolder(store: FileSystemDirectoryHandle, key: string): Promise<void> {
  await store.removeEntry(key, { recursive: true }).catch(nullIfMissing);
}

function nullIfMissing(error: unknown): null {
  if (error instanceof DOMException && error.name === 'NotFoundError') return null;
  throw error;
}
