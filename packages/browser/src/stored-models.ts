// The models of the store: what their journals say.

import { type JournalContent, receivedBytes } from './journal.js';
import { fileNameOf, keyOf, lockOf } from './names.js';
import { readJournal } from './read-journal.js';
import { findFile, findModelFolder, MODEL_FILE, removeModelFolder } from './store-folder.js';

/** A model of the store, whole or not. */
export interface ListedModel {
  /** Its address, unless the download was given another name. */
  readonly name: string;
  readonly url: string;
  /** The server's validator of this file; null where it has none, or does not show it. */
  readonly etag: string | null;
  /** Bytes of the whole file, all of which count as used storage from the start. */
  readonly byteLength: number;
  /** Bytes that are there. */
  readonly receivedBytes: number;
  /** Whether it can be opened; if not, `fetch` goes on with it and `remove` removes it. */
  readonly isComplete: boolean;
  /** Whether every byte had its checksum. false for plain files, and while it is not complete. */
  readonly isChecked: boolean;
  /** When its download began, in ISO 8601. */
  readonly started: string;
}

/** A whole model of the store. */
export interface StoredModel extends ListedModel {
  /** The file: `openModel(model.file)`. Nothing is read before that, and no handle is open. */
  readonly file: File;
}

/** All models, in the order of their names. Folders without a readable journal are removed, unless a download holds them. */
export async function listModels(store: FileSystemDirectoryHandle): Promise<readonly ListedModel[]> {
  const models: ListedModel[] = [];
  for await (const key of store.keys()) {
    const journal = await readJournal(store, key);
    if (journal !== null) models.push(describe(journal));
    else await removeUnlessHeld(store, key);
  }
  return models.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A model by its name; null if it is not there or not whole. */
export async function findModel(store: FileSystemDirectoryHandle, name: string): Promise<StoredModel | null> {
  const key = keyOf(name);
  const journal = await readJournal(store, key);
  if (journal === null || journal.complete === null) return null;
  const folder = await findModelFolder(store, key);
  const file = folder === null ? null : await findFile(folder, MODEL_FILE);
  if (file === null || file.size !== journal.facts.byteLength) return null;
  // A file of this name of the same bytes: messages say which model it is.
  return { ...describe(journal), file: new File([file], fileNameOf(journal.facts.url)) };
}

/** Removes a model's folder. @returns false if a download holds it */
export async function removeUnlessHeld(store: FileSystemDirectoryHandle, key: string): Promise<boolean> {
  return navigator.locks.request(lockOf(key), { ifAvailable: true }, async (lock) => {
    if (lock === null) return false;
    await removeModelFolder(store, key);
    return true;
  });
}

function describe(journal: JournalContent): ListedModel {
  const { name, url, etag, byteLength, started } = journal.facts;
  return {
    name,
    url,
    etag,
    byteLength,
    receivedBytes: receivedBytes(journal),
    isComplete: journal.complete !== null,
    isChecked: journal.complete?.isChecked ?? false,
    started,
  };
}
