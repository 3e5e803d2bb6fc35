// Tells whether a file changed while it was read.

import { stat } from 'node:fs/promises';

/** Changes when the file does: its size and the time of its last change. */
export async function identifyFile(path: string): Promise<string> {
  const { size, mtimeNs } = await stat(path, { bigint: true });
  return `${size} ${mtimeNs}`;
}
