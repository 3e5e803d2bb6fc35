// Conversations in IndexedDB: one record for each conversation, and one for each message.

import { type DBSchema, openDB } from 'idb';
import type { Conversation } from '../conversation/conversation.js';
import type { Message } from '../conversation/message.js';

/** Where conversations are kept. */
export interface Storage {
  /** All of them. */
  conversations(): Promise<Conversation[]>;
  messages(conversationId: string): Promise<Message[]>;
  /** Writes all or nothing. */
  put(conversation: Conversation, messages: readonly Message[]): Promise<void>;
  /** Deletes a conversation with its messages. */
  remove(conversationId: string): Promise<void>;
}

interface Schema extends DBSchema {
  conversations: { key: string; value: Conversation };
  /** Messages, keyed by conversation and id. */
  messages: { key: [string, string]; value: Message & { readonly conversation: string } };
}

const NAME = 'llama-ts';
const VERSION = 1;

/** @throws DOMException where the browser keeps nothing */
export async function openStorage(): Promise<Storage> {
  const database = await openDB<Schema>(NAME, VERSION, {
    upgrade(created) {
      created.createObjectStore('conversations', { keyPath: 'id' });
      created.createObjectStore('messages', { keyPath: ['conversation', 'id'] });
    },
  });
  return {
    conversations: () => database.getAll('conversations'),
    async messages(conversationId) {
      const found = await database.getAll('messages', allOf(conversationId));
      return found.map(({ conversation: _conversation, ...message }) => message as Message);
    },
    async put(conversation, messages) {
      const transaction = database.transaction(['conversations', 'messages'], 'readwrite');
      await Promise.all([
        transaction.objectStore('conversations').put(conversation),
        ...messages.map((message) =>
          transaction.objectStore('messages').put({ ...message, conversation: conversation.id }),
        ),
        transaction.done,
      ]);
    },
    async remove(conversationId) {
      const transaction = database.transaction(['conversations', 'messages'], 'readwrite');
      await Promise.all([
        transaction.objectStore('conversations').delete(conversationId),
        transaction.objectStore('messages').delete(allOf(conversationId)),
        transaction.done,
      ]);
    },
  };
}

function allOf(conversationId: string): IDBKeyRange {
  // A list is after every text.
  return IDBKeyRange.bound([conversationId], [conversationId, []]);
}

/** Keeps conversations until the page is closed. */
export function createMemoryStorage(): Storage {
  const conversations = new Map<string, Conversation>();
  const messages = new Map<string, Map<string, Message>>();
  return {
    conversations: async () => [...conversations.values()],
    messages: async (id) => [...(messages.get(id)?.values() ?? [])],
    async put(conversation, changed) {
      conversations.set(conversation.id, conversation);
      const all = messages.get(conversation.id) ?? new Map<string, Message>();
      for (const message of changed) all.set(message.id, message);
      messages.set(conversation.id, all);
    },
    async remove(id) {
      conversations.delete(id);
      messages.delete(id);
    },
  };
}
