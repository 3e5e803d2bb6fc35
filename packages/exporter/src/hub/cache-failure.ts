// Names failures of the file system that the hub cache lies on.

import { ToolkitError } from '@llama-ts/format';
import { errnoOf } from '../files/file-layer.js';

/** Names a failure of the file system; hands back every other error. */
export function describeCacheFailure(error: unknown, cacheDir: string): unknown {
  if (!(error instanceof Error) || error instanceof ToolkitError || !('syscall' in error)) return error;
  const code = errnoOf(error);
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ToolkitError('DISK_FULL', `${cacheDir}: no space left on its disk`, {
        suggestions: [
          'free some space and run the same command again; it continues',
          'export HF_HUB_CACHE=/another/disk',
        ],
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ToolkitError('CACHE_READ_ONLY', `${cacheDir}: the hub cache cannot be written (${code})`, {
        suggestions: ['export HF_HUB_CACHE=/a/folder/of/yours'],
        cause: error,
      });
    default:
      return new ToolkitError('CACHE_FAILED', `${cacheDir}: the hub cache failed: ${error.message}`, {
        suggestions: ['check the disk', 'export HF_HUB_CACHE=/another/disk'],
        cause: error,
      });
  }
}
