// The files of a folder that someone chose in a page: picked, dropped on it, or named in an input.

import { ToolkitError } from '@llama-ts/base';
import { browser, type DirectoryHandle, type FileHandle } from '../platform/browser-api.js';

/** Folders of a checkpoint are one below another at most: `original/`. Others are not looked into. */
const MAX_DEPTH = 2;

/** A folder of Files, or a single one. */
export interface ChosenFolder {
  /** The folder's name, which a model of it has. */
  readonly name: string;
  /** By their paths in the folder, with forward slashes. */
  readonly files: ReadonlyMap<string, Blob>;
}

/** What an input or a drop lists: a File, with its path where a folder was chosen. */
export type ListedFile = Blob & { readonly name: string; readonly webkitRelativePath?: string };

/** The part in use of a browser's `FileSystemDirectoryHandle`. */
export interface PickedFolder {
  readonly name: string;
  /** Handles of files and folders. */
  values(): AsyncIterable<unknown>;
}

/** The part in use of what was dropped: an entry of a browser's `DataTransfer.items`. */
export interface DroppedItem {
  webkitGetAsEntry(): unknown;
}

interface FileEntry {
  readonly isFile: true;
  readonly isDirectory: false;
  readonly name: string;
  file(found: (file: ListedFile) => void, failed: (error: unknown) => void): void;
}

interface FolderEntry {
  readonly isFile: false;
  readonly isDirectory: true;
  readonly name: string;
  createReader(): {
    readEntries(found: (entries: readonly (FileEntry | FolderEntry)[]) => void, failed: (error: unknown) => void): void;
  };
}

/**
 * Asks the user for a folder. To be called while an event of the user's is handled, as the browser demands.
 *
 * @throws ToolkitError `INVALID_ARGUMENT` in a browser that has no picker of folders; the browser's `AbortError` when the user chooses
 *   none
 * @example const folder = await pickFolder();
 */
export async function pickFolder(): Promise<ChosenFolder> {
  if (browser.showDirectoryPicker === undefined) {
    throw new ToolkitError('INVALID_ARGUMENT', 'this browser has no picker of folders, which Chromium and Edge have', {
      suggestions: [
        'take the files of <input type=file webkitdirectory>: folderOfFiles(input.files)',
        'let it be dropped on the page: droppedFolder(event.dataTransfer.items)',
      ],
    });
  }
  return folderOfHandle(await browser.showDirectoryPicker());
}

/** The files of a folder of the File System Access API, or of the private file system. */
export async function folderOfHandle(handle: PickedFolder): Promise<ChosenFolder> {
  const files = new Map<string, Blob>();
  const add = async (folder: PickedFolder, start: string, depth: number): Promise<void> => {
    for await (const entry of folder.values() as AsyncIterable<FileHandle | DirectoryHandle>) {
      const path = start + entry.name;
      if (entry.kind === 'file') files.set(path, (await entry.getFile()) as unknown as Blob);
      else if (depth < MAX_DEPTH) await add(entry, `${path}/`, depth + 1);
    }
  };
  await add(handle, '', 1);
  return { name: handle.name, files };
}

/**
 * The files of an `<input type=file webkitdirectory>`, whose folder they name, or of one without: several files, or a single one.
 *
 * @throws ToolkitError `INVALID_ARGUMENT` for no file
 */
export function folderOfFiles(list: Iterable<ListedFile>): ChosenFolder {
  const all = [...list];
  const [first] = all;
  if (first === undefined) {
    throw new ToolkitError('INVALID_ARGUMENT', 'no file was chosen, expected those of a checkpoint, or one of a model');
  }
  const [name] = (first.webkitRelativePath || 'chosen/').split('/');
  const files = new Map<string, Blob>();
  for (const file of all) {
    const path = file.webkitRelativePath ? file.webkitRelativePath.slice(name!.length + 1) : file.name;
    if (path.split('/').length <= MAX_DEPTH) files.set(path, file);
  }
  return { name: name!, files };
}

/**
 * The folder, or the files, that were dropped on a page. To be called while the drop is handled: afterwards the items are empty.
 *
 * @throws ToolkitError `INVALID_ARGUMENT` where nothing of the kind was dropped
 * @example element.ondrop = async (event) => { event.preventDefault(); folder = await droppedFolder(event.dataTransfer.items); };
 */
export async function droppedFolder(items: Iterable<DroppedItem>): Promise<ChosenFolder> {
  const entries = [...items].flatMap((item) => (item.webkitGetAsEntry() as FileEntry | FolderEntry | null) ?? []);
  const folder = entries.find((entry) => entry.isDirectory);
  if (folder === undefined) {
    const files = await Promise.all(entries.filter((entry) => entry.isFile).map(fileOf));
    return folderOfFiles(files);
  }
  const files = new Map<string, Blob>();
  const add = async (within: FolderEntry, start: string, depth: number): Promise<void> => {
    for (const entry of await entriesOf(within)) {
      const path = start + entry.name;
      if (entry.isFile) files.set(path, await fileOf(entry));
      else if (depth < MAX_DEPTH) await add(entry, `${path}/`, depth + 1);
    }
  };
  await add(folder, '', 1);
  return { name: folder.name, files };
}

function fileOf(entry: FileEntry): Promise<ListedFile> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** All entries: a reader gives some at a time, and at the end none. */
async function entriesOf(folder: FolderEntry): Promise<readonly (FileEntry | FolderEntry)[]> {
  const reader = folder.createReader();
  const all: (FileEntry | FolderEntry)[] = [];
  for (;;) {
    const some = await new Promise<readonly (FileEntry | FolderEntry)[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return all;
    all.push(...some);
  }
}
