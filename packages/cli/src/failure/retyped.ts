// The command that was typed, with one of its words replaced: a suggestion that can be typed unchanged.

import { shellWord } from '@llama-ts/base';

/** `llama …` as it was typed, with `word` replaced by others; null if the command has no such word. */
export function retyped(word: string, ...replacement: readonly string[]): string | null {
  const typed = process.argv.slice(2);
  const place = typed.findIndex(
    (argument) => argument === word || (argument.startsWith('--') && argument.endsWith(`=${word}`)),
  );
  if (place === -1) return null;
  const words = typed.flatMap((argument, i) => {
    // A token is never repeated.
    if (typed[i - 1] === '--token') return '"$HF_TOKEN"';
    if (argument.startsWith('--token=')) return '--token="$HF_TOKEN"';
    if (i !== place) return argumentWord(argument);
    const [first = '', ...others] = replacement;
    return [argument.slice(0, argument.length - word.length) + first, ...others].map(argumentWord);
  });
  return ['llama', ...words].join(' ');
}

/** Flags are no names, so a dash at the start needs no quotes. */
function argumentWord(argument: string): string {
  return /^-[\w=.,:/-]*$/.test(argument) ? argument : shellWord(argument);
}
