// Reads a request from plain JSON: what to answer, and how. Every field is checked against its declaration.

import type { AnswerOptions } from '../answer/answer-options.js';
import type { ChatMessage } from '../chat-template/chat-template.js';
import { type FieldOption, fieldsIn, type Vocabulary } from './answer-fields.js';
import { BadRequest, shownValue } from './bad-request.js';
import { constraintFields, type KnownConstraints, readConstraint } from './request-constraint.js';
import { whatIsMeant } from './unknown-field.js';

/** A request that was read. */
export interface AnswerRequest {
  /** Text to continue, or a conversation to answer. */
  readonly prompt: string | readonly ChatMessage[];
  /** How to read special names in the text; undefined if the request does not say. */
  readonly specials?: 'text' | 'tokens' | undefined;
  /** Options of the answer that the request sets. */
  readonly options: AnswerOptions;
}

/** How to read a request. */
export interface ReadRequestOptions {
  /** Constraints of earlier requests, which this one may share. */
  readonly constraints: KnownConstraints;
  /** Fields that the caller reads itself. */
  readonly ownFields?: readonly string[] | undefined;
}

const promptFields = ['prompt', 'messages', 'special'];
const fields = fieldsIn('batch');

/** Names of all fields of a request, in the order of errors and tables. */
export const requestFieldNames: readonly string[] = [
  ...promptFields,
  ...fields.keys(),
  ...Object.keys(constraintFields),
];

/**
 * @param values the object that JSON held
 * @throws BadRequest
 * @example readRequest({ prompt: 'Once', max_tokens: 20 }, { constraints: new Map() });
 */
export function readRequest(
  values: Readonly<Record<string, unknown>>,
  { constraints, ownFields = [] }: ReadRequestOptions,
): AnswerRequest {
  checkNames(values, [...ownFields, ...requestFieldNames]);
  const options = { ...readAnswerFields(values, 'batch'), ...readConstraint(values, constraints) };
  const specials = readSpecial(values);
  return { prompt: readPrompt(values), ...specials, options };
}

/**
 * What an object says about an answer under the names of a vocabulary; other names are left to the caller.
 *
 * @throws BadRequest
 */
export function readAnswerFields(values: Readonly<Record<string, unknown>>, vocabulary: Vocabulary): AnswerOptions {
  const options: Partial<Record<FieldOption, unknown>> = {};
  for (const [name, { option, kind }] of fieldsIn(vocabulary)) {
    // The preferred of two names comes first, and wins.
    if (values[name] === undefined || options[option] !== undefined) continue;
    const value = kind.read(values[name]);
    if (value === undefined)
      throw new BadRequest(name, `${name} ${shownValue(values[name])}, expected ${kind.expected}`);
    options[option] = value;
  }
  return options as AnswerOptions;
}

function checkNames(values: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const stranger = Object.keys(values).find((name) => !known.includes(name));
  if (stranger === undefined) return;
  throw new BadRequest(stranger, `unknown field ${shownValue(stranger)}, ${whatIsMeant(stranger, known)}`);
}

function readPrompt({ prompt, messages }: Readonly<Record<string, unknown>>): string | readonly ChatMessage[] {
  if ((prompt === undefined) === (messages === undefined)) {
    const found = prompt === undefined ? 'neither prompt nor messages' : 'both prompt and messages';
    throw new BadRequest('messages', `${found}, expected one of them`);
  }
  if (typeof prompt === 'string') return prompt;
  if (prompt !== undefined) throw new BadRequest('prompt', `prompt ${shownValue(prompt)}, expected a text`);
  if (Array.isArray(messages) && messages.length > 0 && messages.every(isMessage)) return messages;
  const expected = 'a list of {"role": "user", "content": "…"}';
  throw new BadRequest('messages', `messages ${shownValue(messages)}, expected ${expected}`);
}

function readSpecial({ special, messages }: Readonly<Record<string, unknown>>): Pick<AnswerRequest, 'specials'> {
  if (special === undefined) return {};
  if (typeof special !== 'boolean') {
    throw new BadRequest('special', `special ${shownValue(special)}, expected true or false`);
  }
  if (messages !== undefined) {
    throw new BadRequest('special', 'special with messages, expected it with prompt: a template writes the tokens');
  }
  return { specials: special ? 'tokens' : 'text' };
}

function isMessage(value: unknown): value is ChatMessage {
  return typeof (value as ChatMessage | null)?.role === 'string';
}
