// Names failures of the file system while an output is written.

import { describeFileFailure } from './file-failure.js';

/** A failure in the toolkit's words; other errors, such as the reason of an abort, come back as they are. */
export function describeWriteFailure(error: unknown, path: string): unknown {
  return describeFileFailure(error, {
    what: `${path}: cannot be written`,
    whenFull: ['free some space, or name a file on another disk'],
    readOnly: { code: 'OUTPUT_READ_ONLY', suggestions: ['name a file in a folder of your own'] },
    other: { code: 'WRITE_FAILED', suggestions: ['check the disk, or name a file on another one'] },
  });
}
