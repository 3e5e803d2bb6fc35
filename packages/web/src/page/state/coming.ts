// Which answers are coming: in this tab, in another one, or no more because the page was closed.

import type { AnswerMessage, Message } from '../conversation/message.js';
import type { OtherTabs } from './other-tabs.js';

export interface Coming {
  /** Ids of conversations in which an answer comes in another tab. */
  readonly conversations: readonly string[];
  /** Notes messages of this tab as they are now. */
  note(messages: readonly Message[]): void;
  /** Whether an answer comes in this tab: what is stored of it is older. */
  isOwn(messageId: string): boolean;
  /** Stored messages of a conversation: an answer that comes in no tab was interrupted. */
  judged(conversationId: string, messages: readonly Message[]): Promise<Message[]>;
}

/** @param onOver called when an answer of a conversation, which came in another tab, comes no more */
export function createComing(tabs: OtherTabs, onOver: (conversationId: string) => void): Coming {
  const own = new Set<string>();
  /** Conversations, by the answer that comes in another tab. */
  const elsewhere = new Map<string, string>();
  return {
    get conversations() {
      return [...new Set(elsewhere.values())];
    },
    note(messages) {
      for (const message of messages) {
        if (isComing(message)) own.add(message.id);
        else own.delete(message.id);
      }
    },
    isOwn: (messageId) => own.has(messageId),
    async judged(conversationId, messages) {
      const open = messages.filter((message) => isComing(message) && !own.has(message.id)).map(({ id }) => id);
      const found = await tabs.comingElsewhere(open);
      for (const [id, conversation] of elsewhere) {
        if (conversation === conversationId && !found.has(id)) elsewhere.delete(id);
      }
      for (const id of found) watch(id, conversationId);
      return messages.map((message) =>
        isComing(message) && !own.has(message.id) && !found.has(message.id)
          ? { ...message, state: 'interrupted' }
          : message,
      );
    },
  };

  function watch(answerId: string, conversationId: string): void {
    if (elsewhere.has(answerId)) return;
    elsewhere.set(answerId, conversationId);
    void tabs.whenOver(answerId).then(() => {
      elsewhere.delete(answerId);
      onOver(conversationId);
    });
  }
}

function isComing(message: Message): message is AnswerMessage {
  return message.role === 'assistant' && message.state === 'answering';
}
