// The command that replaces a damaged .bin file.

import { shellQuote } from '@llama-ts/base';

/** The command that exports a .bin file again, in the same version. */
export function exportAgain(path: string, version?: number): string {
  return `llama export ${shellQuote(path)} --hf REPO_OR_DIR${version === 2 || version === 3 ? ` --version ${version}` : ''} --force`;
}
