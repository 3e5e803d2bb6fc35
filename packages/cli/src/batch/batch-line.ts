// A line of a file of prompts: what to answer, and how.

import type { AnswerOptions, ChatMessage } from '@llama-ts/runtime';
import { BadLine } from './bad-line.js';
import { constraintFields, type KnownConstraints, readLineConstraint } from './line-constraint.js';

/** One request. */
export interface BatchLine {
  /** In the file, from 1. */
  readonly line: number;
  readonly id: string | number | null;
  /** Text to continue, or a conversation to answer. */
  readonly prompt: string | readonly ChatMessage[];
  /** What special names in the text are; undefined where the line does not say it. */
  readonly specials?: 'text' | 'tokens' | undefined;
  /** What the line says about its answer. */
  readonly options: AnswerOptions;
}

interface Field {
  readonly option: keyof AnswerOptions;
  readonly expected: string;
  /** The option's value; undefined for what is not as expected. */
  readonly read: (value: unknown) => unknown;
}

const MAX_SEED = 2n ** 64n - 1n;

/** Ranges are those of the flags. */
const answerFields: Readonly<Record<string, Field>> = {
  max_tokens: { option: 'maxTokens', ...wholeNumber() },
  min_tokens: { option: 'minTokens', ...wholeNumber() },
  seed: { option: 'seed', expected: `a whole number from 1 to ${MAX_SEED}, in quotes above 2^53`, read: readSeed },
  temperature: { option: 'temperature', ...number(0, 1000) },
  top_p: { option: 'topP', ...number(0, 1) },
  top_k: { option: 'topK', ...wholeNumber() },
  min_p: { option: 'minP', ...number(0, 1) },
  typical_p: { option: 'typicalP', ...number(0, 1) },
  repetition_penalty: { option: 'repetitionPenalty', ...number(0.01, 100) },
  presence_penalty: { option: 'presencePenalty', ...number(-100, 100) },
  frequency_penalty: { option: 'frequencyPenalty', ...number(-100, 100) },
  stop: { option: 'stop', expected: 'a text that is not empty, or a list of such', read: readStop },
};
const fieldNames = ['id', 'prompt', 'messages', 'special', ...Object.keys(answerFields), ...constraintFields];

/**
 * @param known constraints of the lines before
 * @throws BadLine
 */
export function parseBatchLine(text: string, line: number, known: KnownConstraints): BatchLine {
  const fields = parseObject(text);
  const stranger = Object.keys(fields).find((name) => !fieldNames.includes(name));
  if (stranger !== undefined) {
    throw new BadLine(`field ${JSON.stringify(stranger)}, expected ${fieldNames.join(', ')}`);
  }
  const { id = null } = fields;
  if (id !== null && typeof id !== 'string' && !Number.isSafeInteger(id)) {
    throw new BadLine(`id ${shown(id)}, expected a text or a whole number`);
  }
  const options = { ...readOptions(fields), ...readLineConstraint(fields, known) };
  const specials = readSpecial(fields);
  return { line, id: id as string | number | null, prompt: readPrompt(fields), ...specials, options };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BadLine(`no JSON (${(error as Error).message}), expected {"prompt": "…"}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new BadLine(`${shown(value)}, expected an object: {"prompt": "…"}`);
}

function readPrompt({ prompt, messages }: Record<string, unknown>): string | readonly ChatMessage[] {
  if ((prompt === undefined) === (messages === undefined)) {
    const found = prompt === undefined ? 'neither prompt nor messages' : 'both prompt and messages';
    throw new BadLine(`${found}, expected one of them`);
  }
  if (typeof prompt === 'string') return prompt;
  if (prompt !== undefined) throw new BadLine(`prompt ${shown(prompt)}, expected a text`);
  if (Array.isArray(messages) && messages.length > 0 && messages.every(isMessage)) return messages;
  throw new BadLine(`messages ${shown(messages)}, expected a list of {"role": "user", "content": "…"}`);
}

function readSpecial({ special, messages }: Record<string, unknown>): Pick<BatchLine, 'specials'> {
  if (special === undefined) return {};
  if (typeof special !== 'boolean') throw new BadLine(`special ${shown(special)}, expected true or false`);
  if (messages !== undefined)
    throw new BadLine('special with messages, expected it with prompt: a template writes the tokens');
  return { specials: special ? 'tokens' : 'text' };
}

function isMessage(value: unknown): value is ChatMessage {
  return typeof (value as ChatMessage | null)?.role === 'string';
}

function readOptions(fields: Record<string, unknown>): AnswerOptions {
  const options: Partial<Record<keyof AnswerOptions, unknown>> = {};
  for (const [name, { option, expected, read }] of Object.entries(answerFields)) {
    if (fields[name] === undefined) continue;
    options[option] = read(fields[name]);
    if (options[option] === undefined) throw new BadLine(`${name} ${shown(fields[name])}, expected ${expected}`);
  }
  return options as AnswerOptions;
}

function number(min: number, max: number): Pick<Field, 'expected' | 'read'> {
  const isGood = (value: unknown): boolean => typeof value === 'number' && value >= min && value <= max;
  return { expected: `a number from ${min} to ${max}`, read: (value) => (isGood(value) ? value : undefined) };
}

function wholeNumber(): Pick<Field, 'expected' | 'read'> {
  const isGood = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  return { expected: 'a whole number from 0', read: (value) => (isGood(value) ? value : undefined) };
}

function readSeed(value: unknown): bigint | undefined {
  const isWhole = Number.isSafeInteger(value) || (typeof value === 'string' && /^\d{1,20}$/.test(value));
  if (!isWhole) return undefined;
  const seed = BigInt(value as number | string);
  return seed >= 1n && seed <= MAX_SEED ? seed : undefined;
}

function readStop(value: unknown): readonly string[] | undefined {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  return texts.every((text) => typeof text === 'string' && text !== '') ? (texts as string[]) : undefined;
}

/** Long enough to find it, short enough for a line. */
const MAX_SHOWN = 60;

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
