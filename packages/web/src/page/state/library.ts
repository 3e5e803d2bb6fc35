// The conversations: those that are kept, and those that are open with their messages. Changes are shown at once and then
// written; what another tab writes is shown when it says so.

import { type Conversation, type ConversationChanges, newConversation } from '../conversation/conversation.js';
import type { Message, Messages } from '../conversation/message.js';
import { readTransfer, type WholeConversation, writeTransfer } from '../conversation/transfer.js';
import { newChoices } from '../conversation/tree.js';
import type { Storage } from '../storage/storage.js';
import { createComing } from './coming.js';
import type { OtherTabs } from './other-tabs.js';

/** A conversation with its messages. */
export interface OpenConversation {
  readonly conversation: Conversation;
  readonly messages: Messages;
}

export interface Library {
  /** Saved conversations, the last changed first. */
  readonly conversations: readonly Conversation[];
  /** Ids of open conversations in which an answer comes in another tab. */
  readonly comingElsewhere: readonly string[];
  /** Loads a conversation unless it is open; null if there is none with this id. */
  open(id: string): Promise<OpenConversation | null>;
  /** An open conversation; null if it is not open. */
  get(id: string): OpenConversation | null;
  /** Begins a conversation, which is saved from its first change on. */
  begin(settings?: Conversation['settings']): OpenConversation;
  /** Changes a conversation that is open, and adds or replaces messages. Resolves when that is written. */
  change(id: string, changes: ConversationChanges, messages?: readonly Message[]): Promise<void>;
  /** Shows messages that are not written yet. */
  show(id: string, messages: readonly Message[]): void;
  remove(id: string): Promise<void>;
  /** Looks what other tabs have changed, where they could not say so. */
  reload(): Promise<void>;
  /** The text of a file with all conversations, or with one. */
  write(id?: string): Promise<string>;
  /** Adds the conversations of a file under new ids, overwriting none. Returns their ids. @throws Error for a file of another kind */
  read(file: string): Promise<string[]>;
}

export interface LibraryOptions {
  readonly onChange: () => void;
  /** Another tab has removed a conversation. */
  readonly onRemoved: (id: string) => void;
  readonly onFailure: (error: unknown) => void;
}

export async function createLibrary(
  storage: Storage,
  tabs: OtherTabs,
  { onChange, onRemoved, onFailure }: LibraryOptions,
): Promise<Library> {
  const kept = new Map<string, Conversation>();
  const opened = new Map<string, OpenConversation>();
  /** Ids of conversations that are stored as a whole, by now or by the writes under way. */
  const saved = new Set<string>();
  /** How often each was changed here. */
  const nChanges = new Map<string, number>();
  const coming = createComing(tabs, (id) => void refresh(id));
  tabs.watch((id) => void refresh(id));
  /** Reads and writes follow one another. */
  let working: Promise<void> = loadList();
  await working;

  function work(next: () => Promise<void>): Promise<void> {
    working = working.then(next).catch(onFailure);
    return working;
  }

  const library: Library = {
    get conversations() {
      return [...kept.values()].sort((a, b) => b.updatedAt - a.updatedAt);
    },
    get comingElsewhere() {
      return coming.conversations;
    },
    get: (id) => opened.get(id) ?? null,
    async open(id) {
      const found = opened.get(id);
      if (found !== undefined) return found;
      if (!kept.has(id)) return null;
      const messages = await coming.judged(id, await storage.messages(id));
      const conversation = kept.get(id);
      if (conversation === undefined) return null;
      const open = opened.get(id) ?? { conversation, messages: byId(messages) };
      opened.set(id, open);
      return open;
    },
    begin(settings) {
      const open = { conversation: newConversation(settings), messages: new Map<string, Message>() };
      opened.set(open.conversation.id, open);
      return open;
    },
    change(id, changes, messages = []) {
      const before = opened.get(id)!;
      const conversation = { ...before.conversation, ...changes };
      const all = new Map([...before.messages, ...byId(messages)]);
      coming.note(messages);
      opened.set(id, { conversation, messages: all });
      kept.set(id, conversation);
      nChanges.set(id, (nChanges.get(id) ?? 0) + 1);
      const isWhole = !saved.has(id);
      saved.add(id);
      onChange();
      const chosen = newChoices(before.conversation.chosen, conversation.chosen);
      const write = async (): Promise<boolean> => {
        if (!isWhole) return storage.change(id, { ...changes, chosen }, messages);
        await storage.put(conversation, [...all.values()]);
        return true;
      };
      return work(async () => {
        try {
          if (!(await write())) return forget(id);
        } catch (error) {
          // The next change writes all of it: no message may be missing before another one.
          saved.delete(id);
          throw error;
        }
        tabs.tell(id);
      });
    },
    show(id, changed) {
      const { conversation, messages } = opened.get(id)!;
      if (changed.length === 0) return;
      coming.note(changed);
      opened.set(id, { conversation, messages: new Map([...messages, ...byId(changed)]) });
      onChange();
    },
    async remove(id) {
      drop(id);
      onChange();
      await work(() => storage.remove(id));
      tabs.tell(id);
    },
    async reload() {
      const stored = await storage.conversations();
      for (const id of new Set([...kept.keys(), ...stored.map((conversation) => conversation.id)])) await refresh(id);
    },
    async write(id) {
      const ids = id === undefined ? [...kept.keys()] : [id];
      const found = await Promise.all(ids.map(whole));
      return writeTransfer(found.filter((one) => one !== null));
    },
    async read(file) {
      const ids: string[] = [];
      for (const found of readTransfer(file)) {
        const { messages, ...conversation } = kept.has(found.id) ? { ...found, id: newConversation().id } : found;
        const { id } = conversation;
        ids.push(id);
        kept.set(id, conversation);
        saved.add(id);
        await work(() => storage.put(conversation, messages));
        tabs.tell(id);
      }
      onChange();
      return ids;
    },
  };
  return library;

  async function loadList(): Promise<void> {
    for (const conversation of await storage.conversations()) {
      kept.set(conversation.id, conversation);
      saved.add(conversation.id);
    }
  }

  /** Takes over what is stored, after what this tab has written. What it has not written yet stays. */
  function refresh(id: string): Promise<void> {
    return work(async () => {
      const nBefore = nChanges.get(id);
      const conversation = await storage.conversation(id);
      if (conversation === null) {
        if (saved.has(id)) forget(id);
        return;
      }
      const messages = opened.has(id) ? await coming.judged(id, await storage.messages(id)) : [];
      // What was changed meanwhile is written next.
      if (nChanges.get(id) !== nBefore) return void refresh(id);
      kept.set(id, conversation);
      saved.add(id);
      const open = opened.get(id);
      if (open !== undefined) {
        const news = messages.filter((message) => !coming.isOwn(message.id));
        opened.set(id, {
          // This tab goes on to show the branches that it shows.
          conversation: { ...conversation, chosen: { ...conversation.chosen, ...open.conversation.chosen } },
          messages: new Map([...open.messages, ...byId(news)]),
        });
      }
      onChange();
    });
  }

  /** Another tab has removed it. */
  function forget(id: string): void {
    drop(id);
    onRemoved(id);
    onChange();
  }

  function drop(id: string): void {
    kept.delete(id);
    opened.delete(id);
    saved.delete(id);
  }

  async function whole(id: string): Promise<WholeConversation | null> {
    const open = await library.open(id);
    return open === null ? null : { ...open.conversation, messages: [...open.messages.values()] };
  }
}

function byId(messages: readonly Message[]): Map<string, Message> {
  return new Map(messages.map((message) => [message.id, message]));
}
