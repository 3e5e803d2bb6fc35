// The files of a checkpoint: whether they changed, and their digests.

import {
  createSha256,
  errnoOf,
  hexOf,
  isToolkitError,
  joinPath,
  openFile,
  pathStatus,
  ToolkitError,
} from '@llama-ts/base';
import type { SourceFile } from '@llama-ts/format';
import { unreadable } from '../json-fields.js';
import type { ProvenanceOptions } from '../source/model-source.js';
import type { WeightStream } from './weight-stream.js';

/** Bytes hashed at a time. */
const PIECE_BYTES = 1 << 20;

/** Known facts of a checkpoint's files. */
export interface KnownFiles {
  /** Resolved commit on the hub; null for a folder. */
  readonly commit: string | null;
  /** sha256 of files that a download checked, by path in the folder. */
  readonly knownSha256: ReadonlyMap<string, string>;
  /** Weights that are not in the folder. */
  readonly stream: WeightStream | null;
}

/** Identity of the files' content: their sha256 if a download checked it, else their sizes and times. */
export async function identifyFiles(
  folder: string,
  files: readonly string[],
  { commit, knownSha256, stream }: KnownFiles,
): Promise<string> {
  const facts: (readonly string[])[] = stream === null ? [] : [[stream.identity]];
  for (const path of files) {
    if (stream?.paths.includes(path)) continue;
    const sha256 = knownSha256.get(path);
    if (sha256 !== undefined) {
      facts.push([path, sha256]);
      continue;
    }
    const { size, changed } = await readable(joinPath(folder, path), pathStatus(joinPath(folder, path)));
    facts.push([path, String(size), changed]);
  }
  return JSON.stringify([commit, facts]);
}

/** The files with their sha256: hashes those that neither a download nor a pass has hashed. */
export async function describeFiles(
  folder: string,
  files: readonly string[],
  { knownSha256, passed = [], signal }: ProvenanceOptions & Pick<KnownFiles, 'knownSha256'>,
): Promise<SourceFile[]> {
  const described: SourceFile[] = [];
  for (const path of files) {
    signal?.throwIfAborted();
    const seen = passed.find((file) => file.path === path);
    if (seen !== undefined) {
      described.push(seen);
      continue;
    }
    const { size } = await readable(joinPath(folder, path), pathStatus(joinPath(folder, path)));
    const sha256 =
      knownSha256.get(path) ?? (await readable(joinPath(folder, path), hashFile(joinPath(folder, path), size, signal)));
    described.push({ path, byteLength: size, sha256 });
  }
  return described;
}

async function hashFile(path: string, size: number, signal: AbortSignal | undefined): Promise<string> {
  const file = await openFile(path);
  try {
    if (file.byteLength !== size) throw sizeChanged(path, file.byteLength, size);
    const hash = createSha256();
    const piece = new Uint8Array(Math.min(PIECE_BYTES, size));
    for (let at = 0; at < size; at += piece.byteLength) {
      const bytes = piece.subarray(0, size - at);
      await file.readInto(at, bytes, signal);
      hash.update(bytes);
    }
    return hexOf(hash.digest());
  } finally {
    await file.close();
  }
}

function sizeChanged(path: string, found: number, expected: number): ToolkitError {
  return new ToolkitError('SOURCE_CHANGED', `${path}: ${found} bytes, expected ${expected} as when it was opened`, {
    suggestions: ['wait until nothing writes to it, then run the same command again'],
  });
}

/** Turns an error of the file system into a ToolkitError. */
function readable<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (errnoOf(error) === '' || isToolkitError(error)) throw error;
    throw unreadable(path, `cannot be read (${errnoOf(error)})`, error);
  });
}
