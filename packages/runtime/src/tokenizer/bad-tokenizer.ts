// The error of tokenizer data that breaks its rules.

import { ToolkitError } from '@llama-ts/format';

export function badTokenizer(problem: string): ToolkitError {
  return new ToolkitError('BAD_TOKENIZER', `tokenizer: ${problem}`, {
    suggestions: ['Export the model again: llama export --hf REPO_OR_DIR'],
  });
}
