// Writes a file so that its name never belongs to an incomplete file.

import { platform } from '#platform';
import type { ByteSink } from './platform/platform.js';

/**
 * Writes a file that appears under its name when it is whole: the bytes go to PATH.partial, which is renamed at the end and replaces
 * what is there. On failure nothing is left.
 *
 * @throws ToolkitError `FILE_UNWRITABLE`; what `writeAll` throws
 */
export function writeWholeFile(path: string, writeAll: (sink: ByteSink) => Promise<void>): Promise<void> {
  return platform.writeWholeFile(path, writeAll);
}
