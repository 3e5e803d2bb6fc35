// Opens a repository of the hub as a source: its files are fetched first, or its weights stay there and are read once.

import { dirname, joinPath } from '@llama-ts/base';
import { openCheckpoint } from '../checkpoint/open-checkpoint.js';
import { openGgufSource } from './gguf-source.js';
import { checkNothingStated } from './nothing-stated.js';
import type { SourceOpener } from './source-opener.js';

/** Opens repositories, where the caller can fetch them. */
export const hubOpener: SourceOpener = async (found, { download, stated, signal }) => {
  if (found.kind !== 'repository' || download === undefined) return null;
  checkNothingStated(found.repo, stated);
  const { folder, source, commit, sha256, gguf, stream } = await download({
    repo: found.repo,
    revision: found.revision,
    file: found.file,
    signal,
  });
  if (gguf !== undefined) {
    const inFolder = dirname(gguf) === '.' ? '' : `${dirname(gguf)}/`;
    const known = new Map([...sha256].map(([path, digest]) => [path.slice(inFolder.length), digest]));
    return openGgufSource(joinPath(folder, gguf), { source, commit, knownSha256: known, signal });
  }
  return openCheckpoint(folder, { source, commit, knownSha256: sha256, stream, signal });
};
