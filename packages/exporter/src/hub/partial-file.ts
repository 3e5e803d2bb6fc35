// A download in progress: bytes on disk and their digest, to be continued, started again, or made a blob.
//
// Between downloads it is blobs/<etag>.incomplete, as in the Python client. A process that writes to it gives it a name of its
// own, so that a writer that was thought dead can neither write into another's file nor give it its final name.

import type { Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '@llama-ts/base';
import {
  createOwnFile,
  type FileLayer,
  isGone,
  isOwner,
  makeFolder,
  openOwnFile,
  syncFolder,
  writeAll,
} from '@llama-ts/durable';
import { newContentHash } from './content-hash.js';
import { type HubCache, sizeOf } from './hub-cache.js';
import type { RepoFile } from './list-repo.js';

const READ_BYTES = 1024 * 1024;
/** A partial file whose owner may be alive is removed when it was not written to for this long. */
const ABANDONED_MS = 3_600_000;

/** An open partial file. Exactly one of `publish` and `release` ends it. */
export interface PartialFile {
  /** Bytes on disk and in the digest. */
  readonly byteLength: number;
  /** Writes at the end. */
  append(bytes: Uint8Array): Promise<void>;
  /** Forgets everything written. */
  reset(): Promise<void>;
  /** Digest of all bytes, in hex. */
  digest(): string;
  /** Syncs it and makes it the blob. To be called when length and digest are right. */
  publish(): Promise<void>;
  /** Closes it and keeps its bytes for the next download. */
  release(): Promise<void>;
}

/** Continues what an earlier download left, or starts an empty file. The caller holds the blob's lock as `owner`. */
export async function openPartial(
  cache: HubCache,
  file: RepoFile,
  owner: string,
  signal: AbortSignal | undefined,
): Promise<PartialFile> {
  const { files } = cache;
  await makeFolder(files, cache.blobs);
  const atRest = join(cache.blobs, `${file.etag}.incomplete`);
  const path = join(cache.blobs, `${file.etag}.${owner}.incomplete`);
  await collectRemains(cache, file.etag, atRest);
  await files.rename(atRest, path).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error;
  });
  const handle = (await openOwnFile(files, path)) ?? (await createOwnFile(files, path));
  try {
    const { size } = await handle.stat();
    let hash = newContentHash(file);
    let byteLength = 0;
    if (size <= file.size) byteLength = await hashFile(handle, size, hash, signal);
    else await handle.truncate(0);
    return {
      get byteLength() {
        return byteLength;
      },
      async append(bytes) {
        await writeAll(handle, bytes, byteLength);
        hash.update(bytes);
        byteLength += bytes.byteLength;
      },
      async reset() {
        await handle.truncate(0);
        hash = newContentHash(file);
        byteLength = 0;
      },
      digest: () => hash.copy().digest('hex'),
      async publish() {
        await handle.sync();
        await handle.close();
        await files.rename(path, join(cache.blobs, file.etag));
        await syncFolder(files, cache.blobs);
      },
      async release() {
        await handle.close();
        if (byteLength > 0) await files.rename(path, atRest);
        else await files.rm(path, { force: true });
      },
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Renames partial files whose owners have ended to the name between downloads; the longest one stays. */
async function collectRemains(cache: HubCache, etag: string, atRest: string): Promise<void> {
  const { files, blobs } = cache;
  for (const { name, owner } of await ownedPartials(cache)) {
    if (name !== `${etag}.${owner}.incomplete`) continue;
    const path = join(blobs, name);
    if (isGone(owner) && ((await sizeOf(files, path)) ?? 0) > ((await sizeOf(files, atRest)) ?? 0)) {
      await files.rename(path, atRest);
    } else if (isGone(owner) || (await isAbandoned(files, path))) {
      await files.rm(path, { force: true });
    }
  }
}

/** Removes partial files whose blob the cache has, and temporary files of processes that were killed. */
export async function removeFilesOfTheDead(cache: HubCache): Promise<void> {
  const { files, blobs } = cache;
  for (const { name, etag, owner } of await ownedPartials(cache)) {
    const path = join(blobs, name);
    if ((await sizeOf(files, join(blobs, etag))) === null) continue;
    if (isGone(owner) || (await isAbandoned(files, path))) await files.rm(path, { force: true });
  }
  for (const name of await files.readdir(blobs)) {
    if (name.endsWith('.tmp') && isGone(name.slice(0, -'.tmp'.length)))
      await files.rm(join(blobs, name), { force: true });
  }
}

/** Partial files that a process writes to, or wrote to when it was killed: `<etag>.<owner>.incomplete`. */
async function ownedPartials({ files, blobs }: HubCache): Promise<{ name: string; etag: string; owner: string }[]> {
  const found: { name: string; etag: string; owner: string }[] = [];
  for (const name of await files.readdir(blobs)) {
    const [etag = '', owner = '', end, ...more] = name.split('.');
    if (end === 'incomplete' && more.length === 0 && isOwner(owner)) found.push({ name, etag, owner });
  }
  return found;
}

async function isAbandoned(files: FileLayer, path: string): Promise<boolean> {
  const { mtimeMs } = await files.lstat(path);
  return Date.now() - mtimeMs > ABANDONED_MS;
}

/** Bytes that went into the hash: fewer than `size` if the file shrank meanwhile. */
async function hashFile(
  handle: FileHandle,
  size: number,
  hash: Hash,
  signal: AbortSignal | undefined,
): Promise<number> {
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(1, size)));
  let byteLength = 0;
  while (byteLength < size) {
    signal?.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.byteLength, size - byteLength), byteLength);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    byteLength += bytesRead;
  }
  return byteLength;
}
