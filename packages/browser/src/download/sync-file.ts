// A file of the origin private file system, opened in a worker for reading and writing at any place, without a copy of it.

import { type ByteSource, readingSource } from '@llama-ts/base';

/** The browser's handle, which only dedicated workers have. */
export interface SyncAccessHandle {
  read(target: Uint8Array, options: { readonly at: number }): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(byteLength: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

interface SyncFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<SyncAccessHandle>;
}

/** Tries to open a file that a closed tab has not let go of yet, and the wait between them. */
const MAX_TRIES = 100;
const WAIT_MS = 50;

/** Opens a file of a folder, which is made if it is not there. */
export async function openSyncFile(folder: FileSystemDirectoryHandle, name: string): Promise<SyncAccessHandle> {
  const file = (await folder.getFileHandle(name, { create: true })) as SyncFileHandle;
  for (let nTries = 1; ; nTries++) {
    try {
      return await file.createSyncAccessHandle();
    } catch (error) {
      if (!isHeld(error) || nTries === MAX_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    }
  }
}

/** Writes all bytes. @throws DOMException `QuotaExceededError` */
export function writeAll(file: SyncAccessHandle, bytes: Uint8Array, byteOffset: number): void {
  for (let done = 0; done < bytes.byteLength; ) {
    const nBytes = file.write(bytes.subarray(done), { at: byteOffset + done });
    if (nBytes === 0) throw new DOMException('nothing more can be written', 'QuotaExceededError');
    done += nBytes;
  }
}

/** The file as a source of bytes. */
export function syncSource(file: SyncAccessHandle, name: string): ByteSource {
  return readingSource({
    name,
    byteLength: file.getSize(),
    readSome: async (byteOffset, target) => file.read(target, { at: byteOffset }),
    close: async () => {},
  });
}

/** Whether another handle of the file is open. */
function isHeld(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NoModificationAllowedError';
}
