// Finds the checkpoint in a folder of the hub cache: models--owner--name/snapshots/<commit>.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { ToolkitError } from '@llama-ts/format';
import { isCommit, isRepoId } from '../hub/repo-names.js';
import { shellWord } from '../shell-word.js';

/** A snapshot in a hub cache. */
export interface SnapshotFolder {
  readonly folder: string;
  readonly repo: string;
  readonly commit: string;
}

/**
 * The snapshot that a folder of the hub cache stands for: itself, or the one that `main` names below the repository's
 * folder, or the only one there. null for folders elsewhere, and for those with a config.json that are no snapshot.
 *
 * @throws ToolkitError `NOT_A_CHECKPOINT` for a repository's folder that has no snapshot, or several and no `main`
 */
export async function snapshotOfFolder(path: string): Promise<SnapshotFolder | null> {
  const segments = resolve(path).split(sep);
  const place = segments.findLastIndex((segment) => segment.startsWith('models--'));
  if (place === -1) return null;
  const repo = segments[place]!.slice('models--'.length).replace('--', '/');
  const [part, commit, ...deeper] = segments.slice(place + 1);
  if (!isRepoId(repo) || deeper.length > 0) return null;
  if (part === 'snapshots' && commit !== undefined) return isCommit(commit) ? { folder: path, repo, commit } : null;
  if (commit !== undefined || (await isThere(join(path, 'config.json')))) return null;
  const root = segments.slice(0, place + 1).join(sep);
  const snapshots = (await readdir(join(root, 'snapshots')).catch(() => [])).filter(isCommit);
  const main = (await readFile(join(root, 'refs', 'main'), 'utf8').catch(() => '')).trim();
  const chosen = snapshots.includes(main) ? main : snapshots.length === 1 ? snapshots[0]! : null;
  if (chosen !== null) return { folder: join(root, 'snapshots', chosen), repo, commit: chosen };
  const found = snapshots.length === 0 ? 'no snapshot' : `${snapshots.length} snapshots and none that main names`;
  throw new ToolkitError('NOT_A_CHECKPOINT', `${path}: the hub cache has ${found} of ${repo}, expected one`, {
    suggestions:
      snapshots.length === 0
        ? [`llama export ${repo}`]
        : snapshots.map((name) => `llama export ${shellWord(join(root, 'snapshots', name))}`),
  });
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
