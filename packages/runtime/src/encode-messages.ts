// The tokens that ask a model to answer a conversation, by its own tokenizer and chat template.

import { ToolkitError } from '@llama-ts/format';
import { bosTokenOf } from './bos-token.js';
import { type ChatMessage, type ChatOptions, encodeChat } from './chat-template/chat-template.js';
import { templateDate } from './chat-template/template-date.js';
import type { Model } from './model.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';

/** Options of {@link encodeMessages}. */
export interface EncodeMessagesOptions extends Omit<ChatOptions, 'bosToken' | 'eosToken'> {
  /** The day, for templates that would ask the clock; `dateString` takes its place. Default now. */
  readonly today?: Date | undefined;
}

/**
 * Tokens of a conversation that ends where the assistant answers: the prompt of a request with messages.
 *
 * @throws ToolkitError `NO_TOKENIZER`, `NO_CHAT_TEMPLATE`, and what {@link encodeChat} throws
 * @example engine.submit(encodeMessages(model, [{ role: 'user', content: 'Hello!' }]), { maxTokens: 100 });
 */
export function encodeMessages(
  model: Model,
  messages: readonly ChatMessage[],
  { today = new Date(), ...options }: EncodeMessagesOptions = {},
): number[] {
  const { tokenizer, chatTemplate } = chatParts(model);
  const dateString = options.dateString ?? templateDate(chatTemplate, today);
  return encodeChat(tokenizer, chatTemplate, messages, { ...options, dateString, bosToken: bosTokenOf(model) });
}

/**
 * What a model needs to chat.
 *
 * @throws ToolkitError `NO_TOKENIZER`, `NO_CHAT_TEMPLATE`
 */
export function chatParts({ tokenizer, chatTemplate, path }: Model): {
  readonly tokenizer: Tokenizer;
  readonly chatTemplate: string;
} {
  if (tokenizer === null)
    throw new ToolkitError('NO_TOKENIZER', 'the model holds no tokenizer, expected one to chat with');
  if (chatTemplate === null) {
    throw new ToolkitError('NO_CHAT_TEMPLATE', 'the model holds no chat template, expected one to chat with', {
      suggestions: [
        `give it the usual one of Llama 3, or a file: llama chat ${JSON.stringify(path)} --chat-template llama3`,
        `continue a text instead: llama run ${JSON.stringify(path)} "Once upon a time"`,
      ],
    });
  }
  return { tokenizer, chatTemplate };
}
