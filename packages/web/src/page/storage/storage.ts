// What every place where conversations are kept can do. Several tabs may write to it: a change is made to what is there.

import type { Conversation, ConversationChanges } from '../conversation/conversation.js';
import type { Message } from '../conversation/message.js';

/** Where conversations are kept. */
export interface Storage {
  /** All of them. */
  conversations(): Promise<Conversation[]>;
  /** null where there is none with this id. */
  conversation(id: string): Promise<Conversation | null>;
  messages(conversationId: string): Promise<Message[]>;
  /** Writes a conversation, and adds or replaces messages: all or nothing. */
  put(conversation: Conversation, messages: readonly Message[]): Promise<void>;
  /**
   * Changes a conversation that is there, and adds or replaces messages: all or nothing.
   *
   * @returns false where there is none, and nothing was written
   */
  change(id: string, changes: ConversationChanges, messages: readonly Message[]): Promise<boolean>;
  /** Deletes a conversation with its messages. */
  remove(conversationId: string): Promise<void>;
}
