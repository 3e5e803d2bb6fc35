// What a stream's terminal can do.

import type { WriteStream } from 'node:tty';

/** Whether lines can be drawn over on a stream: at a terminal that has columns and takes escapes. */
export function isDrawable(stream: Pick<WriteStream, 'isTTY' | 'columns'>): boolean {
  return stream.isTTY && stream.columns > 0 && process.env.TERM !== 'dumb';
}
