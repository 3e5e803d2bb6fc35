// The errors of a file that cannot be read.

import { escapeControls, ToolkitError } from '@llama-ts/base';

/** Codes of the reader's own failures. */
type ReaderCode = 'NOT_GGUF' | 'GGUF_HEADER' | 'GGUF_TENSOR' | 'GGUF_TRUNCATED' | 'LIMIT_EXCEEDED';

/** Says in which file. */
export function ggufError(
  code: ReaderCode,
  name: string,
  problem: string,
  suggestions: readonly string[] = ['download the file again, then run the same command again'],
): ToolkitError {
  return new ToolkitError(code, `${escapeControls(name)}: ${problem}`, { suggestions });
}
