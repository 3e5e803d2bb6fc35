// Opens a folder as a source: a checkpoint's, one of the hub cache, which leads to a snapshot in it, or one of Meta's files.

import { openCheckpoint } from '../checkpoint/open-checkpoint.js';
import { isMetaFolder, openMetaFolder } from './meta-source.js';
import type { CompleteSource } from './model-source.js';
import { checkNothingStated } from './nothing-stated.js';
import { snapshotOfFolder } from './snapshot-folder.js';
import type { OpenSourceOptions, SourceOpener } from './source-opener.js';

/** Opens folders that exist. */
export const folderOpener: SourceOpener = async (found, options) =>
  found.kind === 'folder' ? openFolderSource(found.path, options) : null;

/**
 * Opens a checkpoint's folder, or one of Meta's files; for a folder of the hub cache the snapshot that it leads to, under
 * the repository's name.
 *
 * @throws ToolkitError `INVALID_ARGUMENT`, and what openCheckpoint, openMetaFolder and snapshotOfFolder throw
 */
export async function openFolderSource(
  path: string,
  { stated, signal }: Pick<OpenSourceOptions, 'stated' | 'signal'> = {},
): Promise<CompleteSource> {
  signal?.throwIfAborted();
  if (await isMetaFolder(path)) return openMetaFolder(path, { stated, signal });
  const snapshot = await snapshotOfFolder(path);
  const named = snapshot === null ? {} : { source: snapshot.repo, commit: snapshot.commit };
  const source = await openCheckpoint(snapshot?.folder ?? path, { ...named, signal });
  try {
    checkNothingStated(path, stated);
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}
