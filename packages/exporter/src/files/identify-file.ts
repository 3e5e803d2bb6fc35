// Detects whether a file changed while it was read.

import { pathStatus } from '@llama-ts/base';

/** Identity of a file's content: its size and the time of its last change. */
export async function identifyFile(path: string): Promise<string> {
  const { size, changed } = await pathStatus(path);
  return `${size} ${changed}`;
}
