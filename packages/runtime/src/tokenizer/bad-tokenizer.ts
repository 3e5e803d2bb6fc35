// The error of tokenizer data that breaks its rules.

import { ToolkitError } from '@llama-ts/base';

export function badTokenizer(problem: string): ToolkitError {
  return new ToolkitError('BAD_TOKENIZER', `tokenizer: ${problem}`, {
    suggestions: ['export the model again: llama export model.bin --hf REPO_OR_DIR --force'],
  });
}
