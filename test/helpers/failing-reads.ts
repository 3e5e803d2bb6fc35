// Makes the reads of one file fail, below everything that opens files by path.

import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { failure } from './failing-files.js';

/** What the reads of a file come to. */
export interface FailingReads {
  /** Files whose path ends so. */
  readonly path: string;
  /** Number of the first read that fails, from 0, of all those files. */
  readonly failAt: number;
  /** `EIO`, or `end`: the file is over. */
  readonly how: 'EIO' | 'end';
}

/** Works while the reads fail, and says whether one did. */
export async function withFailingReads(
  { path, failAt, how }: FailingReads,
  work: () => Promise<void>,
): Promise<{ hasFailed: boolean }> {
  const { open, readFile } = fsPromises;
  const { read, open: openFd } = fs;
  let nReads = 0;
  let hasFailed = false;
  const failsNow = (): boolean => {
    if (nReads++ < failAt) return false;
    hasFailed = true;
    return true;
  };
  const isMeant = (name: unknown): boolean => String(name).endsWith(path);
  fsPromises.open = async (...args) => {
    const handle = await open(...args);
    if (!isMeant(args[0])) return handle;
    const readHandle = handle.read.bind(handle) as (...rest: unknown[]) => Promise<unknown>;
    const failing = async (buffer: Uint8Array, ...rest: unknown[]) => {
      const result = (await readHandle(buffer, ...rest)) as { bytesRead: number };
      // A read at the end of the file has no bytes anyway.
      if (result.bytesRead === 0 || !failsNow()) return result;
      if (how === 'EIO') throw failure('EIO', 'read');
      return { bytesRead: 0, buffer };
    };
    return Object.assign(handle, { read: failing });
  };
  fsPromises.readFile = (async (...args: Parameters<typeof readFile>) => {
    if (isMeant(args[0]) && how === 'EIO' && failsNow()) throw failure('EIO', 'read');
    return readFile(...args);
  }) as typeof readFile;
  // Streams read by descriptor.
  const meant = new Set<number>();
  fs.open = ((name: fs.PathLike, ...rest: unknown[]) => {
    const done = rest.pop() as (error: Error | null, fd: number) => void;
    Reflect.apply(openFd, fs, [
      name,
      ...rest,
      (error: Error | null, fd: number) => {
        if (error === null && isMeant(name)) meant.add(fd);
        else meant.delete(fd);
        done(error, fd);
      },
    ]);
  }) as typeof fs.open;
  fs.read = ((fd: number, ...rest: unknown[]) => {
    const done = rest.pop() as (error: Error | null, bytesRead: number, buffer: unknown) => void;
    Reflect.apply(read, fs, [
      fd,
      ...rest,
      (error: Error | null, bytesRead: number, buffer: unknown) => {
        if (!meant.has(fd) || error !== null || bytesRead === 0 || !failsNow()) done(error, bytesRead, buffer);
        else if (how === 'EIO') done(failure('EIO', 'read'), 0, buffer);
        else done(null, 0, buffer);
      },
    ]);
  }) as typeof fs.read;
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    Object.assign(fsPromises, { open, readFile });
    Object.assign(fs, { read, open: openFd });
    syncBuiltinESMExports();
  }
  return { hasFailed };
}
