// Answers a first word that is no command: the nearest one, what other programs call it, or the command for a file.

import { nearest, ToolkitError } from '@llama-ts/format';
import { commandLine } from '../shell-words.js';

/** What users of ollama, llama.cpp and npm type, and the command here. */
const borrowed: Readonly<Record<string, string>> = {
  ...each(['pull', 'download', 'get', 'fetch', 'install'], 'export --hf meta-llama/Llama-3.2-1B-Instruct'),
  ...each(['generate', 'complete', 'completion', 'infer', 'prompt', 'story'], 'run'),
  ...each(['talk', 'ask', 'cli', 'serve', 'server'], 'chat'),
  ...each(['show', 'info', 'describe'], 'inspect --help'),
  ...each(['perplexity', 'ppl', 'evaluate'], 'eval'),
  ...each(['benchmark', 'speed'], 'bench'),
  ...each(['gguf', 'hf2gguf'], 'convert --help'),
  ...each(['encode', 'tokenise'], 'tokenize --help'),
  ...each(['decode', 'detokenise'], 'detokenize --help'),
  ...each(['check', 'validate'], 'verify --help'),
  ...each(['completions', 'completion-script'], 'autocomplete'),
};

function each(words: readonly string[], command: string): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, command]));
}

/** @param words all of them, the unknown one first */
export function unknownCommand(words: readonly string[], commands: readonly string[]): ToolkitError {
  const [word = ''] = words;
  return new ToolkitError('USAGE', `${word}: is no command of llama`, {
    suggestions: [...meant(words, commands), 'llama help'],
  });
}

function meant(words: readonly string[], commands: readonly string[]): string[] {
  const word = words[0] ?? '';
  const name = word.toLowerCase();
  if (Object.hasOwn(borrowed, name)) return [`llama ${borrowed[name]}`];
  if (/\.bin$/i.test(word)) return [commandLine(['llama', 'run', ...words])];
  const guess = word.startsWith('-') ? null : nearest(name, commands);
  return guess === null ? [] : [`llama ${guess.replaceAll(':', ' ')}`];
}
