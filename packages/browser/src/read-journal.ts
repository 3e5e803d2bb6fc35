// Reads a journal without a handle: a download may hold one and write to it meanwhile.

import { storeFailed } from './failures.js';
import { decodeJournal, type JournalContent } from './journal.js';
import { findFile, findModelFolder, JOURNAL_FILE } from './store-folder.js';

/** A file that is written to between opening and reading is opened again; a download writes a few times a second. */
const MAX_TRIES = 20;

/** What a model's journal says; null where there is none, or one of another form. @throws ToolkitError `STORE_FAILED` */
export async function readJournal(store: FileSystemDirectoryHandle, key: string): Promise<JournalContent | null> {
  for (let nTries = 1; ; nTries++) {
    try {
      const folder = await findModelFolder(store, key);
      const file = folder === null ? null : await findFile(folder, JOURNAL_FILE);
      return file === null ? null : decodeJournal(new Uint8Array(await file.arrayBuffer()));
    } catch (cause) {
      const isChanging = cause instanceof DOMException && ['NotReadableError', 'NotFoundError'].includes(cause.name);
      if (!isChanging || nTries === MAX_TRIES) throw storeFailed(key, cause);
    }
  }
}
