// Names failures of the file system that the hub cache lies on.

import { describeFileFailure } from '../files/file-failure.js';

/** Names a failure of the file system; hands back every other error. */
export function describeCacheFailure(error: unknown, cacheDir: string): unknown {
  return describeFileFailure(error, {
    what: `${cacheDir}: the hub cache cannot be used`,
    whenFull: ['free some space and run the same command again; it continues', 'export HF_HUB_CACHE=/another/disk'],
    readOnly: { code: 'CACHE_READ_ONLY', suggestions: ['export HF_HUB_CACHE=/a/folder/of/yours'] },
    other: { code: 'CACHE_FAILED', suggestions: ['check the disk', 'export HF_HUB_CACHE=/another/disk'] },
  });
}
