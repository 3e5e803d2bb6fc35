// A conversation: messages through the model's own template, turns continued on the live key/value cache.

import { ToolkitError } from '@llama-ts/base';
import { type GenerateEvent, type GenerateOptions, generate, generateOptions } from '../answer/generate.js';
import type { GenerateEndEvent } from '../answer/sequence.js';
import { type ChatMessage, type ChatOptions, chatOptions, encodeChat } from '../chat-template/chat-template.js';
import { joinTextParts } from '../chat-template/content-parts.js';
import { checkMessages } from '../chat-template/messages.js';
import { toPlainData } from '../chat-template/plain-data.js';
import { templateDate } from '../chat-template/template-date.js';
import { PYTHON_TAG, parseToolCalls, type ToolCall } from '../chat-template/tool-call.js';
import type { Model } from '../model/model.js';
import { checkModel, checkOptions, type OptionKind, type TableOf } from '../options/check-options.js';
import { aString, ids, oneOf, positiveCount } from '../options/option-kinds.js';
import { type CacheType, cacheTypes } from '../pass/cache-type.js';
import { cacheTypeOf } from '../pass/key-value-cache.js';
import { checkPrefixCache, type PrefixCache } from '../prefix-cache/prefix-cache.js';
import { commonLength } from '../prefix-cache/token-tree.js';
import type { Session } from '../session/session.js';
import { type FullContextPolicy, fitConversation, fullContextPolicies } from './chat-context.js';
import { answerSeed, checkedSeed } from './chat-seed.js';
import { chatParts, templateTokensOf } from './encode-messages.js';

/** How one answer is generated. */
export interface TurnOptions extends Omit<GenerateOptions, 'cache' | 'cachedTokens' | 'steps'> {
  /** What to do when the conversation fills the context. Default `stop`. */
  readonly whenFull?: FullContextPolicy | undefined;
}

/** Options of {@link createChat}. Options of answers are defaults that a turn can override. */
export interface CreateChatOptions extends Omit<TurnOptions, 'signal'> {
  /** System prompt; replaces that of a session. */
  readonly system?: string | undefined;
  /** The template's date, such as `26 Jul 2024`. Default the day the chat starts, for templates that ask the clock. */
  readonly dateString?: string | undefined;
  /** Tool definitions, in the form the template reads. */
  readonly tools?: readonly unknown[] | undefined;
  /** Documents for templates that answer from them, in the form the template reads. */
  readonly documents?: readonly unknown[] | undefined;
  /** Name of a template of the model, such as `rag`. Default `tool_use` with tools where there is one, else the default. */
  readonly templateName?: string | undefined;
  /** Further variables of the template, such as `tools_in_user_message`. */
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  /** Positions the conversation may take; default the model's `contextLength`. */
  readonly contextLength?: number | undefined;
  /** Default the model's, or the session's, which cannot be changed. */
  readonly cacheType?: CacheType | undefined;
  /**
   * What to take beginnings of the conversation from, and to keep its answers in: for chats that share a system prompt, and for
   * a chat that goes back to a former branch by `setMessages`. Default none: what its own cache holds.
   */
  readonly prefixCache?: PrefixCache | undefined;
  /** A saved conversation to continue: its cache is used, and its `contextLength`. */
  readonly session?: Session | undefined;
}

const { cache: aCache, cachedTokens: _ours, steps: _none, ...answerOptions } = generateOptions;
const turnOptions: TableOf<TurnOptions> = { ...answerOptions, whenFull: oneOf(fullContextPolicies) };

const aSession: OptionKind = {
  expected: 'what readSession resolves to',
  accepts(value) {
    const { messages, tokens, cache, nAnswers } = (value ?? {}) as Partial<Session>;
    return Array.isArray(messages) && ids.accepts(tokens) && aCache.accepts(cache) && Number.isSafeInteger(nAnswers);
  },
  suggestion: "await readSession(model, 'talk.session')",
};

const aPrefixCache: OptionKind = {
  expected: 'what createPrefixCache returns',
  accepts: (value) => typeof (value as Partial<PrefixCache> | null)?.load === 'function',
};

const { signal: _signal, ...lastingOptions } = turnOptions;
const createChatOptions: TableOf<CreateChatOptions> = {
  ...lastingOptions,
  system: aString,
  dateString: chatOptions.dateString,
  tools: chatOptions.tools,
  documents: chatOptions.documents,
  variables: chatOptions.variables,
  templateName: aString,
  contextLength: positiveCount,
  cacheType: oneOf(cacheTypes),
  prefixCache: aPrefixCache,
  session: aSession,
};

/** Whole turns were dropped to make room, the oldest first. */
export interface TurnsDroppedEvent {
  readonly type: 'turns-dropped';
  /** Turns that were dropped, from 1. */
  readonly nTurns: number;
  /** Messages of those turns. */
  readonly nMessages: number;
  /** Tokens of the conversation before and after. */
  readonly nTokensBefore: number;
  readonly nTokens: number;
  /** Positions that the conversation may take. */
  readonly contextLength: number;
}

/** The end of a chat's answer. */
export interface ChatEndEvent extends GenerateEndEvent {
  /** In a chat with tools: the tool calls of the answer; none where it is text. */
  readonly toolCalls?: readonly ToolCall[];
}

/** An event of a chat's answer. */
export type ChatEvent = Exclude<GenerateEvent, GenerateEndEvent> | ChatEndEvent | TurnsDroppedEvent;

/** A conversation with a model, one answer at a time. */
export interface Chat {
  /** All messages so far, the system prompt first. */
  readonly messages: readonly ChatMessage[];
  /** Positions the conversation may take. */
  readonly contextLength: number;
  /** The data that {@link writeSession} saves. It shares the cache, so it is valid until the next answer. */
  readonly session: Session;
  /**
   * Answers a user's message, or messages of other roles, such as a tool's results. An interrupted answer stays in the
   * conversation as far as it was generated.
   */
  send(
    message: string | ChatMessage | readonly ChatMessage[],
    options?: TurnOptions,
  ): AsyncGenerator<ChatEvent, void, void>;
  /** Answers the conversation as it is, such as once more after `setMessages` removed the last answer. */
  answer(options?: TurnOptions): AsyncGenerator<ChatEvent, void, void>;
  /** Replaces the messages. The beginning that they share with the old ones is not computed again. */
  setMessages(messages: readonly ChatMessage[]): void;
  /** Tokens of the conversation so far. */
  countTokens(): number;
  /** Forgets everything but the system prompt. */
  reset(): void;
}

/**
 * Starts a conversation, or continues a saved one.
 *
 * The first answer draws the random numbers of `seed`, each later one those of a seed derived from it.
 *
 * @throws ToolkitError `NO_CHAT_TEMPLATE`, `NO_TOKENIZER`, `INVALID_OPTION`, `MODEL_CLOSED`, and what {@link encodeChat} throws
 * @example
 * const chat = createChat(model, { system: 'Be brief.' });
 * for await (const event of chat.send('Hello')) if (event.type === 'token') show(event.text);
 */
export function createChat(model: Model, options: CreateChatOptions = {}): Chat {
  checkModel('createChat', model);
  checkOptions('createChat', options, createChatOptions);
  const { system, dateString, tools, documents, variables, templateName, ...others } = options;
  const { contextLength: asked, cacheType, prefixCache, session, ...defaults } = others;
  model.closed.throwIfAborted();
  checkPrefixCache(prefixCache, model);
  const { tokenizer, chatTemplate } = chatParts(model, { templateName, tools });
  // A conversation keeps its date: another one would change its first tokens, and everything after them would be computed
  // again.
  const today = new Date();
  if (session !== undefined && cacheType !== undefined) checkSessionCacheType(session, cacheType);
  const cache = session?.cache ?? model.createCache({ type: cacheType, positions: asked });
  const contextLength = cache.seqLen;
  const templateOptions: ChatOptions = {
    dateString: dateString ?? session?.dateString ?? templateDate(chatTemplate, today),
    ...(dateString === undefined && session?.dateString == null ? { today } : {}),
    tools,
    documents,
    variables,
    templateTokens: templateTokensOf(model),
  };
  let seed = checkedSeed(defaults.seed ?? session?.seed ?? 1);
  let nAnswers = session?.nAnswers ?? 0;
  let messages = withSystem(session?.messages ?? [], system);
  let cachedIds: readonly number[] = session?.tokens ?? [];
  let isAnswering = false;

  const encode = (conversation: readonly ChatMessage[], addGenerationPrompt = true): number[] =>
    encodeChat(tokenizer, chatTemplate, joinTextParts(conversation, chatTemplate), {
      ...templateOptions,
      addGenerationPrompt,
    });

  function refuseDuringAnswer(): void {
    if (isAnswering) throw new ToolkitError('INVALID_OPTION', 'a chat was used during its answer, expected afterwards');
  }

  async function* answer(
    conversation: readonly ChatMessage[],
    options: TurnOptions,
  ): AsyncGenerator<ChatEvent, void, void> {
    checkOptions('a turn of a chat', options, turnOptions);
    checkMessages(conversation);
    refuseDuringAnswer();
    model.closed.throwIfAborted();
    const { whenFull = 'stop', ...settings } = { ...defaults, ...given(options) };
    if (options.seed !== undefined) seed = checkedSeed(options.seed);
    const { maxTokens } = settings;
    const fitted = fitConversation(conversation, {
      contextLength,
      modelContext: model.contextLength,
      maxContext: model.header.dimensions.maxSeqLen,
      policy: whenFull,
      maxTokens,
      encode,
    });
    const { prompt } = fitted;
    const nOwn = commonLength(cachedIds, prompt);
    const spoken: number[] = [];
    let text = '';
    let isPrefilled = false;
    isAnswering = true;
    try {
      if (fitted.nDroppedTurns > 0) {
        const { nDroppedTurns: nTurns, nDroppedMessages: nMessages, nTokensBefore } = fitted;
        yield { type: 'turns-dropped', nTurns, nMessages, nTokensBefore, nTokens: prompt.length, contextLength };
      }
      const cachedTokens = Math.max(nOwn, prefixCache?.load(prompt, cache, nOwn) ?? 0);
      cachedIds = prompt.slice(0, cachedTokens);
      const generation = { ...settings, seed: answerSeed(seed, nAnswers), cache, cachedTokens };
      for await (const event of generate(model, prompt, generation)) {
        isPrefilled = true;
        if (event.type === 'token') spoken.push(event.id);
        if (event.type !== 'prompt-end') text += event.text;
        yield event.type === 'end' && tools !== undefined ? { ...event, toolCalls: callsOf(spoken, text) } : event;
      }
    } finally {
      isAnswering = false;
      // Before the prompt is computed there is no answer to keep, and the message can be sent again.
      if (isPrefilled) {
        nAnswers++;
        messages = [...fitted.messages, { role: 'assistant', content: text }];
        // The last token was chosen, but perhaps not computed.
        cachedIds = [...prompt, ...spoken.slice(0, -1)];
        prefixCache?.save(cachedIds, cache);
      }
    }
  }

  /** The tag before a call is a special token, which is no part of the text. */
  function callsOf(spoken: readonly number[], text: string): readonly ToolCall[] {
    const isTagged = spoken[0] !== undefined && spoken[0] === tokenizer.specialId(PYTHON_TAG);
    return parseToolCalls(isTagged ? PYTHON_TAG + text : text);
  }

  return {
    get messages() {
      return messages;
    },
    contextLength,
    get session() {
      refuseDuringAnswer();
      const { dateString: date = null } = templateOptions;
      return { messages, tokens: cachedIds, cache, nAnswers, seed, dateString: date };
    },
    send(message, options = {}) {
      return answer([...messages, ...toMessages(message)], options);
    },
    answer(options = {}) {
      return answer(messages, options);
    },
    setMessages(next) {
      refuseDuringAnswer();
      checkMessages(next);
      messages = toPlainData(next, 'messages') as ChatMessage[];
    },
    // Templates may refuse a conversation without messages.
    countTokens: () => (messages.length === 0 ? 0 : encode(messages, false).length),
    reset() {
      refuseDuringAnswer();
      messages = messages.filter(({ role }, i) => role === 'system' && i === 0);
      nAnswers = 0;
    },
  };
}

function checkSessionCacheType({ cache }: Session, asked: CacheType): void {
  const type = cacheTypeOf(cache);
  if (type === asked) return;
  throw new ToolkitError('INVALID_OPTION', `cache type ${asked} for a session of ${type}, expected the session's own`, {
    suggestions: [`take the session's: --cache-type ${type}`],
  });
}

function withSystem(messages: readonly ChatMessage[], system: string | undefined): readonly ChatMessage[] {
  if (system === undefined) return messages;
  const rest = messages[0]?.role === 'system' ? messages.slice(1) : messages;
  return [{ role: 'system', content: system }, ...rest];
}

function toMessages(message: string | ChatMessage | readonly ChatMessage[]): readonly ChatMessage[] {
  if (typeof message === 'string') return [{ role: 'user', content: message }];
  return Array.isArray(message) ? message : [message as ChatMessage];
}

/** Options that are given: undefined means the default. */
function given(options: TurnOptions): TurnOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
