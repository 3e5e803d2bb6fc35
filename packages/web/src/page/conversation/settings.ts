// The settings of a conversation: the system prompt, how tokens are sampled, and the form of answers.

import { isObject } from '@llama-ts/base';
/** What a conversation sets. An empty text leaves a setting to the model. */
export interface Settings {
  readonly system: string;
  /** Numbers, keyed by their names in the API. */
  readonly numbers: Readonly<Partial<Record<NumberName, number>>>;
  /** Decimal digits; empty for one that is drawn for each answer. */
  readonly seed: string;
  /** Texts that end an answer, one a line. */
  readonly stop: string;
  /** The day that the chat template names, as it writes it. */
  readonly date: string;
  /** JSON schema that answers are held to. */
  readonly schema: string;
  /** List of tools in OpenAI's form, as JSON. */
  readonly tools: string;
  /** `auto`, `required`, `none`, or the name of a tool. */
  readonly toolChoice: string;
  /** Whether answers come with the probabilities of their tokens. */
  readonly hasProbabilities: boolean;
}

export type NumberName =
  | 'temperature'
  | 'top_p'
  | 'top_k'
  | 'min_p'
  | 'max_completion_tokens'
  | 'repeat_penalty'
  | 'presence_penalty'
  | 'frequency_penalty';

/** A number that can be set: its range and what it does. */
export interface NumberSetting {
  readonly name: NumberName;
  readonly label: string;
  readonly hint: string;
  readonly min: number;
  readonly max: number | null;
  readonly step: number;
}

export const numberSettings: readonly NumberSetting[] = [
  {
    name: 'temperature',
    label: 'Temperature',
    hint: '0 takes the most probable token',
    min: 0,
    max: 1000,
    step: 0.1,
  },
  {
    name: 'top_p',
    label: 'Top-p',
    hint: 'samples from the tokens that together have this probability',
    min: 0,
    max: 1,
    step: 0.05,
  },
  { name: 'top_k', label: 'Top-k', hint: 'samples from this many tokens; 0 for all', min: 0, max: null, step: 1 },
  {
    name: 'min_p',
    label: 'Min-p',
    hint: 'samples from tokens with this share of the largest probability',
    min: 0,
    max: 1,
    step: 0.05,
  },
  {
    name: 'max_completion_tokens',
    label: 'Longest answer',
    hint: 'in tokens',
    min: 0,
    max: null,
    step: 1,
  },
  {
    name: 'repeat_penalty',
    label: 'Repetition penalty',
    hint: '1 for none; divides the logits of earlier tokens',
    min: 0.01,
    max: 100,
    step: 0.05,
  },
  {
    name: 'presence_penalty',
    label: 'Presence penalty',
    hint: 'is subtracted from the logits of earlier tokens',
    min: -100,
    max: 100,
    step: 0.1,
  },
  {
    name: 'frequency_penalty',
    label: 'Frequency penalty',
    hint: 'the same, for each time they came',
    min: -100,
    max: 100,
    step: 0.1,
  },
];

export const defaultSettings: Settings = {
  system: '',
  numbers: {},
  seed: '',
  stop: '',
  date: '',
  schema: '',
  tools: '',
  toolChoice: 'auto',
  hasProbabilities: true,
};

/** What is wrong with settings, by the field; empty when nothing is. */
export function problemsOf({ numbers, seed, schema, tools }: Settings): Readonly<Record<string, string>> {
  const problems: Record<string, string> = {};
  for (const { name, min, max } of numberSettings) {
    const value = numbers[name];
    if (value === undefined || (Number.isFinite(value) && value >= min && (max === null || value <= max))) continue;
    problems[name] = `expected ${min} ${max === null ? 'or more' : `to ${max}`}`;
  }
  if (seed !== '' && !/^\d{1,20}$/.test(seed)) problems.seed = 'expected a whole number';
  const schemaProblem = schema.trim() === '' ? null : jsonProblem(schema, (value) => isObject(value), 'an object');
  if (schemaProblem !== null) problems.schema = schemaProblem;
  const toolsProblem = tools.trim() === '' ? null : jsonProblem(tools, isToolList, 'a list of functions');
  if (toolsProblem !== null) problems.tools = toolsProblem;
  return problems;
}

/** Names of the tools; empty where there is no list of tools. */
export function toolNames({ tools }: Pick<Settings, 'tools'>): string[] {
  try {
    const list: unknown = JSON.parse(tools);
    return isToolList(list) ? list.map((tool) => tool.function.name) : [];
  } catch {
    return [];
  }
}

interface NamedTool {
  readonly function: { readonly name: string };
}

function isToolList(value: unknown): value is NamedTool[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((tool) => isObject(tool) && isObject(tool.function) && typeof tool.function.name === 'string')
  );
}

function jsonProblem(text: string, isGood: (value: unknown) => boolean, expected: string): string | null {
  try {
    return isGood(JSON.parse(text)) ? null : `expected ${expected}`;
  } catch (error) {
    return `no JSON: ${(error as Error).message}`;
  }
}
