// Checks that a name is a file before a command works with it, and explains what it is otherwise.

import { stat } from 'node:fs/promises';

/** Options of checking a model file. */
export interface CheckModelFileOptions {
  readonly isFolderFine?: boolean | undefined;
  /** Suggestions of the command's own for a file that is not there. */
  readonly others?: readonly string[] | undefined;
}

/** @throws ToolkitError `FILE_NOT_FOUND`, `NOT_A_MODEL` for folders, repositories and names of other programs */
export async function checkModelFile(
  name: string,
  { isFolderFine = false, others = [] }: CheckModelFileOptions = {},
): Promise<void> {
  const found = await stat(name).catch(() => null);
  if (found !== null && (isFolderFine || !found.isDirectory())) return;
  const { refuseModel } = await import('./refuse-model.js');
  throw await refuseModel(name, { others });
}
