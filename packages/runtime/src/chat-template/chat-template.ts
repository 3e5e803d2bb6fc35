// Turns a conversation into a prompt by the model's own chat template.

import { ToolkitError } from '@llama-ts/base';
import { checkKind, checkOptions, type TableOf } from '../options/check-options.js';
import { aBoolean, aDate, anArray, anObject, aString, fieldsOf } from '../options/option-kinds.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { type ChatRun, compileTemplate } from './compile-template.js';
import { Text } from './jinja/text.js';
import type { Value } from './jinja/values.js';
import { type ChatMessage, checkMessages } from './messages.js';
import { toPlainData } from './plain-data.js';
import { dateOf } from './template-date.js';
import { sizeOf, toMessages, toValue } from './template-values.js';

export type { ChatMessage } from './messages.js';

/** Options of {@link encodeChat} and {@link renderChat}. */
export interface ChatOptions {
  /** End with the head of the assistant's answer. Default true. */
  readonly addGenerationPrompt?: boolean | undefined;
  /** The template's `date_string`, such as `26 Jul 2024`; without it Llama's template asks `strftime_now`. */
  readonly dateString?: string | undefined;
  /** The time that `strftime_now` returns. Default the day of `dateString` where it is a date, else now. */
  readonly today?: Date | undefined;
  /** Documents for templates that answer from them, in the form the template reads. */
  readonly documents?: readonly unknown[] | undefined;
  /** Tool definitions, in the form the template reads. */
  readonly tools?: readonly unknown[] | undefined;
  /** The template's `bos_token`: a special token. Default `<|begin_of_text|>`, where the tokenizer has one. */
  readonly bosToken?: string | undefined;
  /** The template's `eos_token`: a special token. Default `<|eot_id|>`, where the tokenizer has one. */
  readonly eosToken?: string | undefined;
  /** Special tokens by the variables of the template, such as `pad_token`; `bosToken` and `eosToken` take precedence. */
  readonly templateTokens?: Readonly<Record<string, string>> | undefined;
  /** Further variables of the template, such as `tools_in_user_message`. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

/** Kinds of {@link ChatOptions}. */
export const chatOptions: TableOf<ChatOptions> = {
  addGenerationPrompt: aBoolean,
  dateString: aString,
  today: aDate,
  documents: anArray,
  tools: anArray,
  bosToken: aString,
  eosToken: aString,
  templateTokens: fieldsOf(aString),
  variables: anObject,
};

const DEFAULT_BOS = '<|begin_of_text|>';
const DEFAULT_EOS = '<|eot_id|>';

/**
 * Tokens of a conversation. Control tokens stand where the template's own text, `bos_token` or `eos_token` writes a
 * special name, and nowhere else: text of messages, roles, tools and variables never becomes one, not even put together
 * from several messages or altered by the template. Text between two control tokens is encoded as one string, as the
 * rendered text would be.
 *
 * @throws ToolkitError TEMPLATE_ERROR when the template fails, does more than a template may, or refuses the messages;
 * LONE_SURROGATE when text holds half a character, BAD_CHAT_INPUT for what is not plain data, UNKNOWN_SPECIAL_TOKEN when
 * `bosToken` or `eosToken` is none
 * @example
 * const ids = encodeChat(tokenizer, template, [{ role: 'user', content: 'Hello!' }]);
 */
export function encodeChat(
  tokenizer: Tokenizer,
  template: string,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): number[] {
  checkOptions('encodeChat', options, chatOptions);
  return tokenizer.encodeRuns(renderRuns(tokenizer, template, messages, options));
}

/**
 * The same prompt as text, for reading: control tokens and text with their names look alike in it.
 *
 * @throws ToolkitError as {@link encodeChat}
 */
export function renderChat(
  tokenizer: Tokenizer,
  template: string,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): string {
  checkOptions('renderChat', options, chatOptions);
  return renderRuns(tokenizer, template, messages, options)
    .map((run) => ('text' in run ? run.text : run.special))
    .join('');
}

function renderRuns(
  tokenizer: Tokenizer,
  template: string,
  messages: readonly ChatMessage[],
  options: ChatOptions,
): ChatRun[] {
  const { addGenerationPrompt = true, dateString, tools, documents, bosToken, eosToken, variables = {} } = options;
  checkKind('template', template ?? null, aString);
  checkMessages(messages);
  const given = {
    ...(toPlainData(variables, 'variables') as object),
    ...(dateString === undefined ? {} : { date_string: toPlainData(dateString, 'dateString') }),
    // transformers always defines these, and templates rely on it.
    tools: toPlainData(tools ?? null, 'tools'),
    documents: toPlainData(documents ?? null, 'documents'),
    add_generation_prompt: addGenerationPrompt,
  };
  const conversation = toPlainData(messages, 'messages');
  const { templateTokens } = options;
  const specials = {
    ...templateTokens,
    bos_token: specialName(tokenizer, bosToken, templateTokens?.bos_token, DEFAULT_BOS),
    eos_token: specialName(tokenizer, eosToken, templateTokens?.eos_token, DEFAULT_EOS),
  };
  const toVariables = (): Map<string, Value> => {
    const values = new Map(Object.entries(given).map(([name, value]) => [name, toValue(value)]));
    values.set('messages', toMessages(conversation));
    for (const [name, token] of Object.entries(specials))
      if (token !== undefined) values.set(name, Text.template(token));
    return values;
  };
  const now = options.today ?? (dateString === undefined ? null : dateOf(dateString)) ?? new Date();
  return compileTemplate(tokenizer, template)(toVariables, { now, nCharacters: sizeOf(given) + sizeOf(conversation) });
}

/** A special name for the template; undefined when none is given and the usual one is not there. */
function specialName(
  tokenizer: Tokenizer,
  given: string | undefined,
  configured: string | undefined,
  usual: string,
): string | undefined {
  if (given === undefined && configured !== undefined) return configured;
  const name = given ?? usual;
  if (tokenizer.specialId(name) !== undefined) return name;
  if (given === undefined) return undefined;
  throw new ToolkitError('UNKNOWN_SPECIAL_TOKEN', `${JSON.stringify(name)} is no special token of this tokenizer`, {
    suggestions: ['see their names: tokenizer.specialTokens.map(({ name }) => name)'],
  });
}
