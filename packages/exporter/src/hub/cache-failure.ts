// Errors of the file system that holds the hub cache.

import { describeFileFailure } from '@llama-ts/durable';

/** Names a failure of the file system; hands back every other error. */
export function describeCacheFailure(error: unknown, cacheDir: string): unknown {
  return describeFileFailure(error, {
    what: `${cacheDir}: the hub cache cannot be used`,
    whenFull: [
      'free some space, then run the same command again',
      'keep it on another disk: export HF_HUB_CACHE=FOLDER',
    ],
    readOnly: { code: 'CACHE_READ_ONLY', suggestions: ['keep it in a folder of your own: export HF_HUB_CACHE=FOLDER'] },
    other: { code: 'CACHE_FAILED', suggestions: ['keep it on another disk: export HF_HUB_CACHE=FOLDER'] },
  });
}
