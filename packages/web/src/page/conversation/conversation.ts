// A conversation without its messages, and how conversations and messages begin.

import type { AnswerMessage, Message, Messages, ToolCall, ToolMessage, UserMessage } from './message.js';
import { defaultSettings, type Settings } from './settings.js';
import type { Chosen } from './tree.js';

export interface Conversation {
  readonly id: string;
  /** Empty until the first message names it. */
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly settings: Settings;
  readonly chosen: Chosen;
}

/** What is changed of a conversation. `chosen` holds the choices that are new. */
export type ConversationChanges = Partial<Omit<Conversation, 'id'>>;

const TITLE_LENGTH = 60;

/** @param settings those of the conversation before it are a good start */
export function newConversation(settings: Settings = defaultSettings): Conversation {
  const now = Date.now();
  return { id: newId(), title: '', createdAt: now, updatedAt: now, settings, chosen: {} };
}

/** A conversation after changes that were made to an earlier state of it: another tab's changes stay. */
export function withChanges(conversation: Conversation, changes: ConversationChanges): Conversation {
  return {
    ...conversation,
    ...changes,
    chosen: { ...conversation.chosen, ...changes.chosen },
    updatedAt: Math.max(conversation.updatedAt, changes.updatedAt ?? 0),
  };
}

export function newUserMessage(messages: Messages, parent: string | null, content: string): UserMessage {
  return { ...placed(messages, parent), role: 'user', content };
}

/** An answer that is about to come. */
export function newAnswer(messages: Messages, parent: string | null): AnswerMessage {
  return {
    ...placed(messages, parent),
    role: 'assistant',
    content: '',
    toolCalls: [],
    state: 'answering',
    error: null,
    facts: null,
    tokens: [],
  };
}

export function newToolMessage(messages: Messages, parent: string, call: ToolCall, content: string): ToolMessage {
  return { ...placed(messages, parent), role: 'tool', content, callId: call.id, name: call.name };
}

/** The first words of a message. */
export function titleOf(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  if (line.length <= TITLE_LENGTH) return line;
  const cut = line.slice(0, TITLE_LENGTH);
  const space = cut.lastIndexOf(' ');
  return `${space > 0 ? cut.slice(0, space) : cut} …`;
}

/** 128 random bits. `crypto.randomUUID` is not there on a page from another machine without TLS. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function placed(messages: Messages, parent: string | null): Pick<Message, 'id' | 'parent' | 'order' | 'createdAt'> {
  const order = Math.max(0, ...Array.from(messages.values(), (message) => message.order)) + 1;
  return { id: newId(), parent, order, createdAt: Date.now() };
}
