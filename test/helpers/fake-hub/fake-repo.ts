// A repository for the fake hub: files with the digests that a hub lists.

import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { gitSha1, sha256 } from '../digests.js';

/** A file of a {@link FakeRepo}. */
export interface FakeFile {
  readonly bytes: Uint8Array;
  /** Large files are listed by sha256 and come from another origin, small ones by git's blob id. */
  readonly isLarge: boolean;
  readonly etag: string;
}

/** One commit. */
export type FakeCommit = ReadonlyMap<string, FakeFile>;

/** A repository: commits by id, and the names that point to them, which tests may move. */
export interface FakeRepo {
  readonly commits: Map<string, FakeCommit>;
  readonly revisions: Map<string, string>;
  /** `gated`: anyone may list it, no one may download. `private`: only with the hub's token. */
  readonly access?: 'public' | 'private' | 'gated';
}

/** Makes a commit; files that end in `.safetensors`, `.gguf` or `.model`, and tokenizer.json, are large. */
export function fakeCommit(files: Readonly<Record<string, string | Uint8Array>>): FakeCommit {
  return new Map(
    Object.entries(files).map(([path, content]) => {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      const isLarge = /\.(?:safetensors|model|gguf)$|(?:^|\/)tokenizer\.json$/.test(path);
      return [path, { bytes, isLarge, etag: isLarge ? sha256(bytes) : gitSha1(bytes) }];
    }),
  );
}

/** A repository with one commit, which `main` and the tag `v1` name. */
export function fakeRepo(files: Readonly<Record<string, string | Uint8Array>>, access?: FakeRepo['access']): FakeRepo {
  const commit = fakeCommit(files);
  const id = createHash('sha1')
    .update(JSON.stringify([...commit].map(([path, { etag }]) => [path, etag])))
    .digest('hex');
  return {
    commits: new Map([[id, commit]]),
    revisions: new Map([
      ['main', id],
      ['v1', id],
    ]),
    ...(access === undefined ? {} : { access }),
  };
}

/** The files of a folder and of those in it, by their paths from it: what {@link fakeRepo} takes. */
export async function filesIn(folder: string): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[relative(folder, path).replaceAll(sep, '/')] = await readFile(path);
  }
  return files;
}

/** Bytes that repeat only after long, the same for the same seed. */
export function noise(byteLength: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < byteLength; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
