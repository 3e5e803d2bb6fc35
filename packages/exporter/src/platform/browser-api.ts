// The parts of a browser's interface in use: the sources are compiled without the browser's types, which would hide a `window` that
// Node does not have.

/** A file on this machine, or in the private file system: a Blob with a name. */
export interface BrowserFile {
  readonly name: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  /** Its path in the folder that was chosen with it, which is the first part; else empty. */
  readonly webkitRelativePath?: string;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** A file of the private file system that a worker writes without waiting. */
export interface SyncAccess {
  read(into: Uint8Array, options: { readonly at: number }): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(byteLength: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

export interface FileHandle {
  readonly kind: 'file';
  readonly name: string;
  getFile(): Promise<BrowserFile>;
  /** Only in a dedicated worker, for a file of the origin private file system (OPFS). */
  createSyncAccessHandle?(): Promise<SyncAccess>;
  /** Renames it in its folder. */
  move?(name: string): Promise<void>;
}

/** A folder that was picked, or one of the private file system. */
export interface DirectoryHandle {
  readonly kind: 'directory';
  readonly name: string;
  values(): AsyncIterable<FileHandle | DirectoryHandle>;
  getDirectoryHandle(name: string, options?: { readonly create: boolean }): Promise<DirectoryHandle>;
  getFileHandle(name: string, options?: { readonly create: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<void>;
}

/** A dedicated worker, from outside. */
export interface WebWorker {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(message: unknown): void;
  terminate(): void;
}

/** The globals of a page and of a worker. */
export interface BrowserGlobals {
  readonly navigator: {
    readonly storage?: {
      getDirectory(): Promise<DirectoryHandle>;
      estimate(): Promise<{ readonly usage?: number; readonly quota?: number }>;
    };
  };
  /** Asks the user for a folder; not in every browser. */
  showDirectoryPicker?(): Promise<DirectoryHandle>;
  /** Receives messages in a dedicated worker. */
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
}

export const browser = globalThis as unknown as BrowserGlobals;
