// Conversations in IndexedDB: one record for each conversation, and one for each message. A change is made in the transaction
// that reads what is there.

import { type DBSchema, openDB } from 'idb';
import { type Conversation, withChanges } from '../conversation/conversation.js';
import type { Message } from '../conversation/message.js';
import type { Storage } from './storage.js';

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
  const begin = () => {
    const transaction = database.transaction(['conversations', 'messages'], 'readwrite');
    const conversations = transaction.objectStore('conversations');
    const messages = transaction.objectStore('messages');
    const write = (conversation: Conversation, changed: readonly Message[]): Promise<unknown> =>
      Promise.all([
        conversations.put(conversation),
        ...changed.map((message) => messages.put({ ...message, conversation: conversation.id })),
      ]);
    return { conversations, messages, write, done: transaction.done };
  };
  return {
    conversations: () => database.getAll('conversations'),
    conversation: async (id) => (await database.get('conversations', id)) ?? null,
    async messages(conversationId) {
      const found = await database.getAll('messages', allOf(conversationId));
      return found.map(({ conversation: _conversation, ...message }) => message as Message);
    },
    async put(conversation, messages) {
      const { write, done } = begin();
      await Promise.all([write(conversation, messages), done]);
    },
    async change(id, changes, messages) {
      const { conversations, write, done } = begin();
      const change = async (): Promise<boolean> => {
        const found = await conversations.get(id);
        if (found !== undefined) await write(withChanges(found, changes), messages);
        return found !== undefined;
      };
      const [isThere] = await Promise.all([change(), done]);
      return isThere;
    },
    async remove(conversationId) {
      const { conversations, messages, done } = begin();
      await Promise.all([conversations.delete(conversationId), messages.delete(allOf(conversationId)), done]);
    },
  };
}

function allOf(conversationId: string): IDBKeyRange {
  // A list is after every text.
  return IDBKeyRange.bound([conversationId], [conversationId, []]);
}
