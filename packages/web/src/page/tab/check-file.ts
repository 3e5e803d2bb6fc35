// Compares a model's file with the checksums that it states, before its weights are used.

import { createSha256, equalBytes, nextTask, openSource, ToolkitError } from '@llama-ts/base';
import { headerByteLength, readBinFile } from '@llama-ts/format';

const BLOCK_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file once, a few MiB at a time.
 *
 * @param onProgress told of the bytes that were compared
 * @returns whether the file states checksums
 * @throws ToolkitError `BAD_CHECKSUM`, and what `readBinFile` throws
 */
export async function checkFile(file: File, onProgress: (checkedBytes: number) => void): Promise<boolean> {
  const source = await openSource(file);
  try {
    const { header, layout, trailer } = await readBinFile(source);
    if (trailer === null) return false;
    const { checksums } = trailer;
    const check = async (name: string, byteOffset: number, byteLength: number, expected: Uint8Array): Promise<void> => {
      const hash = createSha256();
      for (let done = 0; done < byteLength; done += BLOCK_BYTES) {
        hash.update(await source.read(byteOffset + done, Math.min(BLOCK_BYTES, byteLength - done)));
        onProgress(byteOffset + Math.min(byteLength, done + BLOCK_BYTES));
        await nextTask();
      }
      if (equalBytes(hash.digest(), expected)) return;
      throw new ToolkitError('BAD_CHECKSUM', `${file.name}: ${name} differs from its checksum`, {
        suggestions: ['copy or download the file again: this one is damaged'],
      });
    };
    await check('the header', 0, headerByteLength(header), checksums.header);
    for (const [i, { name, byteOffset, byteLength }] of layout.tensors.entries()) {
      await check(name, byteOffset, byteLength, checksums.tensors[i]!);
    }
    return true;
  } finally {
    await source.close();
  }
}
