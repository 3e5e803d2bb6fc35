// The platform Node: files by their paths, and the digests of its library.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { freemem } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { type ByteSource, readingSource, unreadable } from '../byte-source.js';
import { escapeControls } from '../quote.js';
import { isToolkitError, ToolkitError } from '../toolkit-error.js';
import { writeWholeFile } from './node-write.js';
import type { Digest, Platform } from './platform.js';

export const platform: Platform = {
  openFile,
  writeWholeFile,
  async pathStatus(path) {
    const found = await stat(path, { bigint: true });
    return {
      size: Number(found.size),
      isFolder: found.isDirectory(),
      isFile: found.isFile(),
      changed: String(found.mtimeNs),
    };
  },
  async listFolder(path) {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  },
  readWholeFile: (path, signal) => readFile(path, { signal }),
  joinPath: join,
  dirname,
  basename: (path) => basename(path),
  resolvePath: (path) => resolve(path),
  createSha256,
  crc32,
  nextTask: () => setImmediate(),
  freeMemory: () => process.availableMemory?.() ?? freemem(),
  addressesLeft,
};

async function openFile(path: string, name: string): Promise<ByteSource> {
  const file = await openRegular(path, escapeControls(name));
  try {
    const { size } = await file.stat();
    const source = readingSource({
      name,
      byteLength: size,
      readSome: async (byteOffset, target) => (await file.read(target, 0, target.byteLength, byteOffset)).bytesRead,
      close: () => file.close(),
    });
    return { ...source, fd: file.fd };
  } catch (cause) {
    await file.close();
    throw cause;
  }
}

async function openRegular(path: string, name: string): Promise<FileHandle> {
  try {
    // Before opening: opening a pipe would wait for a writer.
    if (!(await stat(path)).isFile()) throw unreadable(name, 'is not a regular file');
    return await open(path, 'r');
  } catch (cause) {
    if (isToolkitError(cause)) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new ToolkitError('FILE_NOT_FOUND', `${name}: no such file`, { cause });
    }
    throw unreadable(name, `cannot be opened (${code})`, cause);
  }
}

function createSha256(): Digest {
  const hash = createHash('sha256');
  return {
    update(bytes) {
      hash.update(bytes);
      return this;
    },
    digest: () => new Uint8Array(hash.digest()),
  };
}

function addressesLeft(): number {
  try {
    const limit = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    if (limit === null) return Number.POSITIVE_INFINITY;
    const used = /^VmSize:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'));
    return Number(limit[1]) - 1024 * Number(used?.[1] ?? 0);
  } catch {
    // Only Linux reports this.
    return Number.POSITIVE_INFINITY;
  }
}
