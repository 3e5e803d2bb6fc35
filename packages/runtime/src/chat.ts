// A conversation: messages through the model's own template, turns continued on the live key/value cache.

import { ToolkitError } from '@llama-ts/format';
import { type ChatMessage, encodeChat } from './chat-template/chat-template.js';
import { dropMarks } from './chat-template/marks.js';
import { type GenerateEvent, type GenerateOptions, generate } from './generate.js';
import type { Model } from './model.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';

/** Options of {@link createChat}. */
export interface CreateChatOptions extends Omit<GenerateOptions, 'cache' | 'cachedTokens' | 'signal' | 'steps'> {
  /** System prompt. */
  readonly system?: string | undefined;
  /** The template's date, such as `26 Jul 2024`. */
  readonly dateString?: string | undefined;
}

/** A conversation with a model. One answer at a time. */
export interface Chat {
  /** All messages so far, the system prompt first. */
  readonly messages: readonly ChatMessage[];
  /** Answers a user's message. An answer that is interrupted stays in the conversation as far as it was spoken. */
  send(
    text: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): AsyncGenerator<GenerateEvent, void, void>;
  /** Forgets everything but the system prompt. */
  reset(): void;
}

/**
 * Starts a conversation.
 *
 * @throws ToolkitError `NO_CHAT_TEMPLATE`, `NO_TOKENIZER`
 * @example
 * const chat = createChat(model, { system: 'Be brief.' });
 * for await (const event of chat.send('Hello')) if (event.type === 'token') show(event.text);
 */
export function createChat(model: Model, options: CreateChatOptions = {}): Chat {
  const { tokenizer, chatTemplate } = model;
  if (tokenizer === null)
    throw new ToolkitError('NO_TOKENIZER', 'the model holds no tokenizer, expected one to chat with');
  if (chatTemplate === null) {
    throw new ToolkitError('NO_CHAT_TEMPLATE', 'the model holds no chat template, expected one to chat with', {
      suggestions: [
        'continue a text instead: llama run MODEL PROMPT',
        'export an instruction-tuned model: llama export --hf REPO-Instruct',
      ],
    });
  }
  const { system, dateString, ...generateOptions } = options;
  const opening: readonly ChatMessage[] = system === undefined ? [] : [{ role: 'system', content: system }];
  const bosToken = tokenizer.specialTokens.find(({ id }) => id === model.settings.bosId)?.name;
  const templateOptions = {
    ...(dateString === undefined ? {} : { dateString }),
    ...(bosToken === undefined ? {} : { bosToken }),
  };
  const cache = model.createCache();
  let messages = [...opening];
  let cachedIds: number[] = [];
  let isAnswering = false;

  return {
    get messages() {
      return messages;
    },
    reset() {
      messages = [...opening];
    },
    async *send(text, { signal } = {}) {
      if (isAnswering) throw new ToolkitError('INVALID_OPTION', 'a message during an answer, expected one at a time');
      const asked = [...messages, { role: 'user', content: text }];
      const prompt = encodeChat(tokenizer, chatTemplate, asked, templateOptions);
      const cachedTokens = commonPrefix(cachedIds, prompt);
      cachedIds = prompt.slice(0, cachedTokens);
      const spoken: number[] = [];
      let isPrefilled = false;
      isAnswering = true;
      try {
        for await (const event of generate(model, prompt, { ...generateOptions, cache, cachedTokens, signal })) {
          isPrefilled = true;
          if (event.type === 'token') spoken.push(event.id);
          yield event;
        }
      } finally {
        isAnswering = false;
        // Before the prompt was computed there is no answer to keep, and the message may be sent again.
        if (isPrefilled) {
          messages = [...asked, { role: 'assistant', content: spokenText(tokenizer, spoken) }];
          // The last token was spoken but perhaps not computed.
          cachedIds = [...prompt, ...spoken.slice(0, -1)];
        }
      }
    },
  };
}

/** What a model said, as a message; a byte-level model may even say the template's marks, which no message may hold. */
function spokenText(tokenizer: Tokenizer, ids: readonly number[]): string {
  return dropMarks(tokenizer.decode(ids, { skipSpecial: true }));
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n++;
  return n;
}
