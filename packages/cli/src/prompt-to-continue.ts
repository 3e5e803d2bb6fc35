// What `llama run` continues: the prompt that was given, else for the sample model the beginning of a story.

import { ToolkitError } from '@llama-ts/format';
import type { Model } from '@llama-ts/runtime';
import { sampleModelName } from '@llama-ts/sample-model';
import { commandLine } from './shell-words.js';

/** Where the bundled model begins when nobody says where. */
const STORY_PROMPT = 'Once upon a time';
/** Of a story that the bundled model tells without a slip, at its own temperature. */
const STORY_SEED = 11n;
/** Longer prompts are not repeated in a notice. */
const MAX_SHOWN = 60;

/** What was asked for. */
export interface PromptRequest {
  readonly prompt: string | null;
  /** As it was given on the command line. */
  readonly name: string;
  readonly seed?: bigint | undefined;
  readonly temperature?: number | undefined;
  readonly 'top-p'?: number | undefined;
}

/** What to continue. */
export interface PromptToContinue {
  readonly prompt: string;
  /** undefined for the one that was asked for. */
  readonly seed: bigint | undefined;
  /** For stderr. */
  readonly notices: readonly string[];
}

/** @throws ToolkitError `USAGE` for a prompt that is both an argument and a flag */
export function givenPrompt(
  command: string,
  { model = '', text, flag }: { model?: string | undefined; text: string | undefined; flag: string | undefined },
): string | null {
  if (text === undefined || flag === undefined) return text ?? flag ?? null;
  throw new ToolkitError(
    'USAGE',
    `${JSON.stringify(text)} and --prompt ${JSON.stringify(flag)}, expected one of them`,
    {
      suggestions: [text, flag].map((prompt) => commandLine(['llama', command, model, prompt])),
    },
  );
}

export function promptToContinue(model: Model, request: PromptRequest): PromptToContinue {
  const { prompt, name, seed, temperature, 'top-p': topP } = request;
  const isBundled = name === sampleModelName;
  if (prompt === null && (isBundled || model.description?.provenance.source === sampleModelName)) {
    const missing = isBundled ? 'no MODEL and no PROMPT' : 'no PROMPT';
    const another = commandLine(['llama', 'run', ...(isBundled ? [] : [name]), '--seed', '7']);
    const isPlain = seed === undefined && temperature === undefined && topP === undefined;
    return {
      prompt: STORY_PROMPT,
      seed: isPlain ? STORY_SEED : undefined,
      notices: [`${missing}: ${sampleModelName} tells a story from "${STORY_PROMPT}"; another one: ${another}`],
    };
  }
  const empty = prompt === null ? ['no PROMPT: the model begins a text of its own'] : [];
  return { prompt: prompt ?? '', seed: undefined, notices: [...empty, ...templateNotices(model, prompt ?? '', name)] };
}

/** A model that was taught to answer continues a question, rather than answering it. */
function templateNotices({ chatTemplate }: Model, prompt: string, name: string): string[] {
  // A prompt with special tokens in it has been through a template.
  if (chatTemplate === null || prompt.includes('<|')) return [];
  const isShown = prompt !== '' && prompt.length <= MAX_SHOWN && !prompt.includes('\n');
  const isBundled = name === sampleModelName;
  const words = ['llama', 'chat', ...(isBundled ? [] : [name])];
  const question = isShown ? [...(isBundled ? ['-i'] : []), prompt] : [];
  return [
    `the model has a chat template, and run continues text without it; for an answer: ${commandLine([...words, ...question])}`,
  ];
}
