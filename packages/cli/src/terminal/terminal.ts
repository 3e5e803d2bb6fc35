// Abilities of a stream's terminal.

import type { WriteStream } from 'node:tty';

type Terminal = Pick<WriteStream, 'isTTY' | 'columns'>;

/** Whether lines can be drawn over on a stream: at a terminal that has columns and takes escapes. */
export function isDrawable(stream: Terminal): boolean {
  return stream.isTTY && stream.columns > 0 && process.env.TERM !== 'dumb';
}

/** Columns that text on a stream is wrapped at: those of its terminal; infinitely many in a pipe or a file. */
export function columnsOf({ isTTY, columns }: Terminal): number {
  return isTTY && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}
