// Refuses text that has no UTF-8 form.

import { ToolkitError } from '@llama-ts/base';

/**
 * @param where names the text in the message
 * @throws ToolkitError LONE_SURROGATE
 */
export function refuseLoneSurrogates(text: string, where: string): void {
  const position = text.search(/\p{Surrogate}/u);
  if (position < 0) return;
  const code = text.charCodeAt(position).toString(16).toUpperCase();
  throw new ToolkitError(
    'LONE_SURROGATE',
    `${where}: U+${code} at position ${position} is half a character, expected both`,
    {
      suggestions: ['replace it first: text.toWellFormed()'],
    },
  );
}
