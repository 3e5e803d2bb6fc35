// Turns a conversation into a prompt by the model's own chat template.

import { ToolkitError } from '@llama-ts/format';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { type ChatRun, compileTemplate } from './compile-template.js';
import { markName } from './marks.js';
import { toPlainData } from './plain-data.js';

/** A message of a conversation; further fields (`name`, `tool_calls`, …) are what the template reads. */
export interface ChatMessage {
  /** `system`, `user`, `assistant`, `tool`, or another role that the template knows. */
  readonly role: string;
  /** Text, or what else the template reads: a list of parts, a tool's result as an object. */
  readonly content?: unknown;
  readonly [field: string]: unknown;
}

/** Options of {@link encodeChat} and {@link renderChat}. */
export interface ChatOptions {
  /** End with the head of the assistant's answer. Default true. */
  readonly addGenerationPrompt?: boolean | undefined;
  /** The template's `date_string`, such as `26 Jul 2024`; without it Llama's template asks the clock. */
  readonly dateString?: string | undefined;
  /** Tool definitions, in the form the template reads. */
  readonly tools?: readonly unknown[] | undefined;
  /** Name of the special token that is the template's `bos_token`. Default `<|begin_of_text|>`. */
  readonly bosToken?: string | undefined;
  /** Name of the special token that is the template's `eos_token`. Default `<|eot_id|>`. */
  readonly eosToken?: string | undefined;
  /** Further variables of the template, such as `tools_in_user_message`. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
}

const DEFAULT_BOS = '<|begin_of_text|>';
const DEFAULT_EOS = '<|eot_id|>';

/**
 * Tokens of a conversation. Control tokens stand where the template's own source, `bos_token` or `eos_token` writes a
 * special name in one piece, and nowhere else: text of messages, roles, tools and variables never becomes one, not
 * even put together from several messages or altered by the template. What lies between two control tokens is encoded
 * as one string, so tokens fall as in the rendered text.
 *
 * @throws ToolkitError TEMPLATE_ERROR when the template fails or refuses the messages; RESERVED_CHARACTER when text
 * holds U+FDD0 or U+FDD1, LONE_SURROGATE when it holds half a character, BAD_CHAT_INPUT for what is not plain data,
 * UNKNOWN_SPECIAL_TOKEN when `bosToken` or `eosToken` is none
 * @example
 * const ids = encodeChat(tokenizer, template, [{ role: 'user', content: 'Hello!' }]);
 */
export function encodeChat(
  tokenizer: Tokenizer,
  template: string,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): number[] {
  return renderRuns(tokenizer, template, messages, options).flatMap((run) =>
    'text' in run ? tokenizer.encode(run.text) : [tokenizer.specialId(run.special)!],
  );
}

/**
 * The same prompt as text, to be looked at: control tokens and like-named text look alike in it.
 *
 * @throws ToolkitError as {@link encodeChat}
 */
export function renderChat(
  tokenizer: Tokenizer,
  template: string,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): string {
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
  const { addGenerationPrompt = true, dateString, tools, bosToken, eosToken, variables = {} } = options;
  messages.forEach((message, i) => {
    if (typeof message?.role === 'string') return;
    throw new ToolkitError('BAD_CHAT_INPUT', `messages[${i}]: role is ${typeof message?.role}, expected a string`, {
      suggestions: ["Give each message a role: { role: 'user', content: 'Hello!' }"],
    });
  });
  return compileTemplate(
    tokenizer,
    template,
  )({
    ...(toPlainData(variables, 'variables') as object),
    ...(dateString === undefined ? {} : { date_string: toPlainData(dateString, 'dateString') }),
    messages: toPlainData(messages, 'messages'),
    // transformers defines it always, and templates count on that.
    tools: toPlainData(tools ?? null, 'tools'),
    add_generation_prompt: addGenerationPrompt,
    bos_token: specialName(tokenizer, bosToken, DEFAULT_BOS),
    eos_token: specialName(tokenizer, eosToken, DEFAULT_EOS),
  });
}

/** A special name marked as the template's own; undefined when none is given and the usual one is not there. */
function specialName(tokenizer: Tokenizer, given: string | undefined, usual: string): string | undefined {
  const name = given ?? usual;
  if (tokenizer.specialId(name) !== undefined) return markName(name);
  if (given === undefined) return undefined;
  throw new ToolkitError('UNKNOWN_SPECIAL_TOKEN', `${JSON.stringify(name)} is no special token of this tokenizer`, {
    suggestions: ['See their names: tokenizer.specialTokens'],
  });
}
