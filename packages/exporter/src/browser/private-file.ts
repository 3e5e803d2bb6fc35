// A file of the origin's private file system, which a page opens as a model or saves.

import { reasonOf, ToolkitError } from '@llama-ts/base';
import { privateFolderOf } from '../platform/browser-output.js';

/**
 * Opens a file of the private file system: its bytes stay on the disk until they are read.
 *
 * @param path as it was exported to
 * @throws ToolkitError `FILE_NOT_FOUND`, `INVALID_ARGUMENT`
 * @example const model = await openModel(await privateFile('model.bin'));
 */
export async function privateFile(path: string): Promise<Blob> {
  const { folder, name } = await privateFolderOf(path, false);
  try {
    return (await (await folder.getFileHandle(name)).getFile()) as unknown as Blob;
  } catch (cause) {
    throw new ToolkitError('FILE_NOT_FOUND', `${path}: not in this page's private file system (${reasonOf(cause)})`, {
      cause,
    });
  }
}
