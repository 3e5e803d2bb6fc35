// The prompt of `llama run`: the given one, else for the sample model the beginning of a story.

import { commandLine, ToolkitError } from '@llama-ts/base';
import type { Model } from '@llama-ts/runtime';
import { sampleModelName, sampleStory } from '@llama-ts/sample-model';

/** Longer prompts are not repeated in a notice. */
const MAX_SHOWN = 60;

/** The flags and arguments that give a prompt. */
export interface PromptRequest {
  readonly prompt: string | null;
  /** The model's name as the user typed it. */
  readonly name: string;
  readonly seed?: bigint | undefined;
  readonly temperature?: number | undefined;
  readonly 'top-p'?: number | undefined;
}

/** A prompt, and its notice. */
export interface PromptToContinue {
  readonly prompt: string;
  /** The seed to use; undefined to keep the one that was asked for. */
  readonly seed: bigint | undefined;
  /** Lines to print on stderr. */
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
      prompt: sampleStory.prompt,
      seed: isPlain ? sampleStory.seed : undefined,
      notices: [`${missing}: ${sampleModelName} tells a story from "${sampleStory.prompt}"\n  another one: ${another}`],
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
    `run continues the text of the prompt; this model can also answer it\n  for an answer: ${commandLine([...words, ...question])}`,
  ];
}
