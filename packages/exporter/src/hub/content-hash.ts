// The digest that a hub lists for a file: sha256 for large files, git's blob id for the others.

import { createHash, type Hash } from 'node:crypto';
import type { RepoFile } from './list-repo.js';

/** A hash of a file's content, as the hub names it. @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
export function newContentHash({ algorithm, size }: Pick<RepoFile, 'algorithm' | 'size'>): Hash {
  return algorithm === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}
