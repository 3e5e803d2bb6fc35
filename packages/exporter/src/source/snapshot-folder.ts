// Finds the checkpoint in a folder of the hub cache: models--owner--name/snapshots/<commit>.

import {
  basename,
  dirname,
  joinPath,
  listFolder,
  pathStatus,
  readWholeFile,
  resolvePath,
  shellQuote,
  ToolkitError,
} from '@llama-ts/base';
import { isCommit, isRepoId } from '../hub/repo-names.js';

/** A repository's folder in the cache is named so, followed by its id. */
const FOLDER_START = 'models--';

/** A snapshot in a hub cache. */
export interface SnapshotFolder {
  readonly folder: string;
  readonly repo: string;
  readonly commit: string;
}

/**
 * The snapshot that a folder of the hub cache leads to: itself, or the one that `main` names below the repository's
 * folder, or the only one there. null for folders elsewhere, and for those with a config.json that are no snapshot.
 *
 * @throws ToolkitError `NOT_A_CHECKPOINT` for a repository's folder that has no snapshot, or several and no `main`
 */
export async function snapshotOfFolder(path: string): Promise<SnapshotFolder | null> {
  const found = repositoryFolder(resolvePath(path));
  if (found === null) return null;
  const { root, below } = found;
  const repo = basename(root).slice(FOLDER_START.length).replace('--', '/');
  const [part, commit, ...deeper] = below;
  if (!isRepoId(repo) || deeper.length > 0) return null;
  if (part === 'snapshots' && commit !== undefined) return isCommit(commit) ? { folder: path, repo, commit } : null;
  if (commit !== undefined || (await isThere(joinPath(path, 'config.json')))) return null;
  const entries = await listFolder(joinPath(root, 'snapshots')).catch(() => []);
  const snapshots = entries.map(({ name }) => name).filter(isCommit);
  const named = await readWholeFile(joinPath(root, 'refs/main')).catch(() => new Uint8Array(0));
  const main = new TextDecoder().decode(named).trim();
  const chosen = snapshots.includes(main) ? main : snapshots.length === 1 ? snapshots[0]! : null;
  if (chosen !== null) return { folder: joinPath(root, `snapshots/${chosen}`), repo, commit: chosen };
  const state = snapshots.length === 0 ? 'no snapshot' : `${snapshots.length} snapshots and none that main names`;
  throw new ToolkitError('NOT_A_CHECKPOINT', `${path}: the hub cache has ${state} of ${repo}, expected one`, {
    suggestions:
      snapshots.length === 0
        ? [`llama export ${repo}`]
        : snapshots.map((name) => `llama export ${shellQuote(joinPath(root, `snapshots/${name}`))}`),
  });
}

/** The nearest folder of a repository that a path is in or names, and the names below it; null where there is none. */
function repositoryFolder(path: string): { readonly root: string; readonly below: readonly string[] } | null {
  const below: string[] = [];
  for (let root = path; ; root = dirname(root)) {
    if (basename(root).startsWith(FOLDER_START)) return { root, below };
    if (dirname(root) === root) return null;
    below.unshift(basename(root));
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await pathStatus(path).catch(() => null)) !== null;
}
