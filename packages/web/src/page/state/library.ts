// The conversations: those that are kept, and those that are open with their messages. Changes are shown at once and then
// written.

import { type Conversation, newConversation } from '../conversation/conversation.js';
import type { Message, Messages } from '../conversation/message.js';
import { readTransfer, type WholeConversation, writeTransfer } from '../conversation/transfer.js';
import type { Storage } from '../storage/storage.js';

/** A conversation with its messages. */
export interface OpenConversation {
  readonly conversation: Conversation;
  readonly messages: Messages;
}

export interface Library {
  /** Saved conversations, the last changed first. */
  readonly conversations: readonly Conversation[];
  /** Loads a conversation unless it is open; null if there is none with this id. */
  open(id: string): Promise<OpenConversation | null>;
  /** An open conversation; null if it is not open. */
  get(id: string): OpenConversation | null;
  /** Begins a conversation, which is saved from its first change on. */
  begin(settings?: Conversation['settings']): OpenConversation;
  /** Changes a conversation that is open, and adds or replaces messages. */
  change(id: string, changes: Partial<Conversation>, messages?: readonly Message[]): void;
  /** Shows messages that are not written yet. */
  show(id: string, messages: readonly Message[]): void;
  remove(id: string): Promise<void>;
  /** The text of a file with all conversations, or with one. */
  write(id?: string): Promise<string>;
  /** Adds the conversations of a file under new ids, overwriting none. Returns their ids. @throws Error for a file of another kind */
  read(file: string): Promise<string[]>;
}

export async function createLibrary(
  storage: Storage,
  { onChange, onFailure }: { readonly onChange: () => void; readonly onFailure: (error: unknown) => void },
): Promise<Library> {
  const kept = new Map((await storage.conversations()).map((conversation) => [conversation.id, conversation]));
  const opened = new Map<string, OpenConversation>();
  /** Writes follow one another. */
  let writing: Promise<void> = Promise.resolve();

  function write(work: () => Promise<void>): Promise<void> {
    writing = writing.then(work).catch(onFailure);
    return writing;
  }

  const library: Library = {
    get conversations() {
      return [...kept.values()].sort((a, b) => b.updatedAt - a.updatedAt);
    },
    get: (id) => opened.get(id) ?? null,
    async open(id) {
      const found = opened.get(id);
      if (found !== undefined) return found;
      const conversation = kept.get(id);
      if (conversation === undefined) return null;
      const messages = (await storage.messages(id)).map(afterLoading);
      const open = { conversation, messages: new Map(messages.map((message) => [message.id, message])) };
      opened.set(id, open);
      return open;
    },
    begin(settings) {
      const open = { conversation: newConversation(settings), messages: new Map<string, Message>() };
      opened.set(open.conversation.id, open);
      return open;
    },
    change(id, changes, messages = []) {
      const conversation = { ...opened.get(id)!.conversation, ...changes };
      library.show(id, messages);
      opened.set(id, { conversation, messages: opened.get(id)!.messages });
      kept.set(id, conversation);
      void write(() => storage.put(conversation, messages));
      onChange();
    },
    show(id, changed) {
      const { conversation, messages } = opened.get(id)!;
      if (changed.length === 0) return;
      const all = new Map(messages);
      for (const message of changed) all.set(message.id, message);
      opened.set(id, { conversation, messages: all });
      onChange();
    },
    async remove(id) {
      kept.delete(id);
      opened.delete(id);
      onChange();
      await write(() => storage.remove(id));
    },
    async write(id) {
      const ids = id === undefined ? [...kept.keys()] : [id];
      return writeTransfer(await Promise.all(ids.map(whole)));
    },
    async read(file) {
      const read = readTransfer(file).map((found) => (kept.has(found.id) ? withNewId(found) : found));
      for (const { messages, ...conversation } of read) {
        kept.set(conversation.id, conversation);
        await write(() => storage.put(conversation, messages));
      }
      onChange();
      return read.map(({ id }) => id);
    },
  };
  return library;

  async function whole(id: string): Promise<WholeConversation> {
    const { conversation, messages } = (await library.open(id))!;
    return { ...conversation, messages: [...messages.values()] };
  }
}

/** An answer that was coming when the page was closed does not come any more. */
function afterLoading(message: Message): Message {
  return message.role === 'assistant' && message.state === 'answering' ? { ...message, state: 'interrupted' } : message;
}

function withNewId(found: WholeConversation): WholeConversation {
  return { ...found, id: newConversation().id };
}
