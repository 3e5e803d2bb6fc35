// Answers a first word that is no command: the nearest one, what other programs call it, or the command for a file.

import { nearest, ToolkitError } from '@llama-ts/base';
import { findProblem } from './check-usage.js';
import { mendWords, type ShapeOf } from './mend-words.js';
import { type Typed, typed, usageProblem } from './usage-problem.js';

/** Commands of ollama, llama.cpp and npm, and the command here. */
const borrowed: Readonly<Record<string, string>> = {
  ...each(['download', 'get', 'fetch', 'install'], 'pull'),
  ...each(['ls', 'models', 'ps'], 'list'),
  ...each(['remove', 'delete', 'del', 'uninstall'], 'rm'),
  ...each(['generate', 'complete', 'completion', 'infer', 'prompt', 'story'], 'run'),
  ...each(['talk', 'ask', 'cli'], 'chat'),
  ...each(['server', 'llama-server', 'api', 'start'], 'serve'),
  ...each(['embedding', 'embeddings'], 'embed'),
  ...each(['info', 'describe'], 'inspect'),
  ...each(['perplexity', 'ppl', 'evaluate'], 'eval'),
  ...each(['diff', 'cmp'], 'compare'),
  ...each(['benchmark', 'speed'], 'bench'),
  ...each(['gguf', 'hf2gguf'], 'convert'),
  ...each(['encode', 'tokenise'], 'tokenize'),
  ...each(['decode', 'detokenise'], 'detokenize'),
  ...each(['check', 'validate'], 'verify'),
  ...each(['completions', 'completion-script'], 'autocomplete'),
};
/** A repository to begin with, for commands that name a model of another program. */
const REPOSITORY = 'meta-llama/Llama-3.2-1B-Instruct';

function each(words: readonly string[], command: string): Record<string, string> {
  return Object.fromEntries(words.map((word) => [word, command]));
}

/** The commands that there are. */
export interface KnownCommands {
  readonly ids: readonly string[];
  readonly shapeOf: ShapeOf;
}

/** @param words all of them, the unknown one first */
export function unknownCommand(words: readonly string[], { ids, shapeOf }: KnownCommands): ToolkitError {
  const [word = ''] = words;
  const meant = meantCommand(words, ids);
  const problem = usageProblem(notCommand(word), [
    ...(meant === null ? [] : [typed(meant, meant.words)]),
    { ...typed({ id: 'help' }, []), isHelp: true },
  ]);
  const { messages, suggestions } = mendWords(problem, shapeOf, findProblem);
  return new ToolkitError('USAGE', messages.join('; '), { suggestions });
}

function notCommand(word: string): string {
  return word.startsWith('-') ? `${word}: is a flag, expected a command before it` : `${word}: is no command of llama`;
}

/** The command with the words that were typed; null if it cannot be told. */
function meantCommand(words: readonly string[], ids: readonly string[]): Typed | null {
  const [word = '', ...rest] = words;
  const name = word.toLowerCase();
  const id = Object.hasOwn(borrowed, name) ? borrowed[name]! : null;
  if (id === 'pull') return { id, words: [repositoryOf(rest)] };
  if (id !== null) return { id, words: rest };
  if (/\.bin$/i.test(word)) return { id: 'run', words };
  // A text, or flags, of those who know llama.cpp's one program.
  if (/\s/.test(word)) return { id: 'run', words: ['-i', ...words] };
  if (word.startsWith('-')) return isRun(words) ? { id: 'run', words } : null;
  const guess = nearest(name, ids);
  return guess === null ? null : { id: guess.replaceAll(':', ' '), words: rest };
}

function isRun(words: readonly string[]): boolean {
  return words.some((word) => ['-m', '--model', '-p', '--prompt', '-n', '-i'].includes(word));
}

/** The repository that was typed. A name of ollama's library is none. */
function repositoryOf(words: readonly string[]): string {
  return words.find((word) => /^[\w.-]+\/[\w.:@-]+$/.test(word)) ?? REPOSITORY;
}
