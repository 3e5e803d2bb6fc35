// The chat templates of checkpoints.

import { readJson } from '../helpers/tokenizers.js';

/** The template in a tokenizer_config.json. */
export function templateOf(file: string): string {
  return readJson<{ chat_template: string }>(file).chat_template;
}
