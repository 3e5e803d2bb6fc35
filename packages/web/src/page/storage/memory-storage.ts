// Conversations in memory, for browsers that keep nothing.

import { type Conversation, withChanges } from '../conversation/conversation.js';
import type { Message } from '../conversation/message.js';
import type { Storage } from './storage.js';

/** Keeps conversations until the page is closed. */
export function createMemoryStorage(): Storage {
  const conversations = new Map<string, Conversation>();
  const messages = new Map<string, Map<string, Message>>();
  const storage: Storage = {
    conversations: async () => [...conversations.values()],
    conversation: async (id) => conversations.get(id) ?? null,
    messages: async (id) => [...(messages.get(id)?.values() ?? [])],
    async put(conversation, changed) {
      conversations.set(conversation.id, conversation);
      const all = messages.get(conversation.id) ?? new Map<string, Message>();
      for (const message of changed) all.set(message.id, message);
      messages.set(conversation.id, all);
    },
    async change(id, changes, changed) {
      const found = conversations.get(id);
      if (found !== undefined) await storage.put(withChanges(found, changes), changed);
      return found !== undefined;
    },
    async remove(id) {
      conversations.delete(id);
      messages.delete(id);
    },
  };
  return storage;
}
