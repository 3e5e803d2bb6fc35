// Writes a report to a file: whole or not at all, over an older one.

import { createDurableFile } from '@llama-ts/exporter';

/**
 * @param inputs files that must not be written over
 * @throws ToolkitError what createDurableFile throws
 */
export async function writeText(path: string, text: string, inputs: readonly string[]): Promise<void> {
  const file = await createDurableFile(path, { force: true, inputs });
  try {
    const bytes = Buffer.from(text);
    await file.writeAt(bytes, 0);
    await file.commit(bytes.byteLength);
  } finally {
    await file.discard();
  }
}
