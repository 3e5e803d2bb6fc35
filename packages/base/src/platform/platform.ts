// What the toolkit asks of the machine it runs on: node.ts answers for Node, browser.ts for browsers.

import type { ByteSource } from '../byte-source.js';

/** A digest under way. */
export interface Digest {
  /** Adds bytes. */
  update(bytes: Uint8Array): this;
  /** Ends it: (32) for SHA-256. */
  digest(): Uint8Array;
}

/** Takes a file's bytes in order. */
export interface ByteSink {
  /** Must have used the bytes when it resolves. */
  write(bytes: Uint8Array): Promise<void> | void;
}

/** Kind and size of a file or folder. */
export interface PathStatus {
  /** Length in bytes. */
  readonly size: number;
  readonly isFolder: boolean;
  /** Whether it is a regular file: no folder, pipe or device. */
  readonly isFile: boolean;
  /** Changes when a file is written: the time of its last change, as finely as the system tells it. */
  readonly changed: string;
}

/** A name in a folder. */
export interface FolderEntry {
  readonly name: string;
  /** false for a link, wherever it leads. */
  readonly isFolder: boolean;
}

/** Functions that differ between Node and a browser. */
export interface Platform {
  /** Opens a regular file for reading. @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE` */
  openFile(path: string, name: string): Promise<ByteSource>;
  /** Writes a file that appears under its name when it is whole. @throws ToolkitError `FILE_UNWRITABLE` */
  writeWholeFile(path: string, writeAll: (sink: ByteSink) => Promise<void>): Promise<void>;
  /** Kind and size of what is at a path or of what its link leads to; rejects with the system's error, `ENOENT` if nothing is there. */
  pathStatus(path: string): Promise<PathStatus>;
  /** What is in a folder, in any order; rejects with the system's error. */
  listFolder(path: string): Promise<readonly FolderEntry[]>;
  /** All bytes of a small file; rejects with the system's error, or the signal's reason. */
  readWholeFile(path: string, signal: AbortSignal | undefined): Promise<Uint8Array>;
  /** The path of a name in a folder, or with slashes in a folder below. */
  joinPath(folder: string, name: string): string;
  /** The folder that a path is in; of a root, itself. */
  dirname(path: string): string;
  /** The last name of a path. */
  basename(path: string): string;
  /** The path from a root on. */
  resolvePath(path: string): string;
  /** Begins a SHA-256. */
  createSha256(): Digest;
  /** CRC-32 of bytes that follow those whose CRC is `crc`. */
  crc32(bytes: Uint8Array, crc: number): number;
  /** Resolves in a task of its own: until then timers, streams and aborts have their turn. */
  nextTask(): Promise<void>;
  /** Bytes of memory that no program uses; infinity where the system does not tell. */
  freeMemory(): number;
  /** Bytes of addresses that the system still gives to this process; infinity without a known limit. */
  addressesLeft(): number;
}
