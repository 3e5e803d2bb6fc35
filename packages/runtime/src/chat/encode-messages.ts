// Tokens of a conversation that the model is to answer, by its own tokenizer and chat template.

import { shellQuote, ToolkitError } from '@llama-ts/base';
import { bosTokenOf } from '../chat-template/bos-token.js';
import { type ChatMessage, type ChatOptions, chatOptions, encodeChat } from '../chat-template/chat-template.js';
import { joinTextParts } from '../chat-template/content-parts.js';
import { checkMessages } from '../chat-template/messages.js';
import { templateDate } from '../chat-template/template-date.js';
import type { Model } from '../model/model.js';
import { checkModel, checkOptions, describe, type TableOf } from '../options/check-options.js';
import { aString } from '../options/option-kinds.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';

/** Options of {@link encodeMessages}. */
export interface EncodeMessagesOptions extends Omit<ChatOptions, 'bosToken' | 'eosToken' | 'templateTokens'> {
  /** Name of a template of the model, such as `rag`. Default `tool_use` with tools where there is one, else the default. */
  readonly templateName?: string | undefined;
}

const { bosToken: _bos, eosToken: _eos, templateTokens: _tokens, ...templateOptions } = chatOptions;
const encodeMessagesOptions: TableOf<EncodeMessagesOptions> = { ...templateOptions, templateName: aString };

/**
 * Tokens of a conversation up to the header of the assistant's answer: the prompt of a request with messages.
 *
 * @throws ToolkitError `NO_TOKENIZER`, `NO_CHAT_TEMPLATE`, and what {@link encodeChat} throws
 * @example engine.submit(encodeMessages(model, [{ role: 'user', content: 'Hello!' }]), { maxTokens: 100 });
 */
export function encodeMessages(
  model: Model,
  messages: readonly ChatMessage[],
  given: EncodeMessagesOptions = {},
): number[] {
  checkModel('encodeMessages', model);
  checkOptions('encodeMessages', given, encodeMessagesOptions);
  checkMessages(messages);
  const { templateName, ...options } = given;
  const { tokenizer, chatTemplate } = chatParts(model, { templateName, tools: options.tools });
  const dateString = options.dateString ?? templateDate(chatTemplate, options.today ?? new Date());
  const templateTokens = templateTokensOf(model);
  return encodeChat(tokenizer, chatTemplate, joinTextParts(messages, chatTemplate), {
    ...options,
    dateString,
    templateTokens,
  });
}

/**
 * What a model needs to chat.
 *
 * @throws ToolkitError `NO_TOKENIZER`, `NO_CHAT_TEMPLATE`, `INVALID_OPTION` for a template that the model does not have
 */
export function chatParts(
  model: Model,
  choice: TemplateChoice = {},
): { readonly tokenizer: Tokenizer; readonly chatTemplate: string } {
  const { tokenizer, path } = model;
  const chatTemplate = chosenTemplate(model, choice);
  if (tokenizer === null)
    throw new ToolkitError('NO_TOKENIZER', 'the model holds no tokenizer, expected one to chat with');
  if (chatTemplate === null) {
    throw new ToolkitError('NO_CHAT_TEMPLATE', 'the model holds no chat template, expected one to chat with', {
      suggestions: [
        'give it the usual one of Llama 3: --chat-template llama3',
        `continue a text instead: llama run ${shellQuote(path)} -i 'Once upon a time'`,
      ],
    });
  }
  return { tokenizer, chatTemplate };
}

/** Options that choose a template. */
export interface TemplateChoice {
  readonly templateName?: string | undefined;
  readonly tools?: readonly unknown[] | undefined;
}

/**
 * The chat template that is asked for; with tools the one named `tool_use`, else the default, as transformers chooses. null
 * where the model has no default.
 *
 * @throws ToolkitError `INVALID_OPTION` for a name that the model has no template of
 */
export function chosenTemplate(
  { chatTemplate, namedTemplates }: Model,
  { templateName, tools }: TemplateChoice,
): string | null {
  const named = new Map(Object.entries(namedTemplates));
  if (templateName === undefined) return (tools === undefined ? undefined : named.get('tool_use')) ?? chatTemplate;
  const found = templateName === 'default' ? chatTemplate : named.get(templateName);
  if (found !== null && found !== undefined) return found;
  const names = [...(chatTemplate === null ? [] : ['default']), ...named.keys()];
  throw new ToolkitError(
    'INVALID_OPTION',
    `template ${describe(templateName)}, expected one of the model's: ${names.join(', ') || 'there is none'}`,
    { suggestions: names.map((name) => `--template-name ${shellQuote(name)}`) },
  );
}

/** Special tokens for a template, by its variables. */
export function templateTokensOf(model: Model): Readonly<Record<string, string>> {
  const bosToken = bosTokenOf(model);
  return { ...(bosToken === undefined ? {} : { bos_token: bosToken }), ...model.templateTokens };
}
