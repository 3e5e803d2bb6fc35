// The branches of a conversation: an edited message or a further answer stands beside the former one, which stays.

import type { Message, Messages } from './message.js';

/** Which of the messages that follow one is shown, by the id before it; {@link START} for the first ones. */
export type Chosen = Readonly<Record<string, string>>;

/** What stands before the first messages. */
export const START = '';

/** The messages that are shown, from the first on. */
export function shownPath(messages: Messages, chosen: Chosen): Message[] {
  const byParent = childrenByParent(messages);
  const path: Message[] = [];
  let children = byParent.get(START) ?? [];
  while (children.length > 0) {
    const parent = path.at(-1)?.id ?? START;
    // Without a choice the newest is shown.
    const next = children.find(({ id }) => id === chosen[parent]) ?? children.at(-1)!;
    path.push(next);
    children = byParent.get(next.id) ?? [];
  }
  return path;
}

/** The messages from the first one to this one. */
export function pathTo(messages: Messages, id: string | null): Message[] {
  const path: Message[] = [];
  for (let at = id; at !== null; ) {
    const message: Message = messages.get(at)!;
    path.unshift(message);
    at = message.parent;
  }
  return path;
}

/** A message and those beside it, the oldest first. */
export function branchesOf(messages: Messages, { parent }: Message): Message[] {
  return childrenByParent(messages).get(parent ?? START) ?? [];
}

/** The choices with which a message is shown; after it, what was shown when it was left. */
export function chosenWith(messages: Messages, chosen: Chosen, id: string): Chosen {
  const changes = pathTo(messages, id).map((message) => [message.parent ?? START, message.id]);
  return { ...chosen, ...Object.fromEntries(changes) };
}

/** The choices that differ from earlier ones. */
export function newChoices(before: Chosen, after: Chosen): Chosen {
  return Object.fromEntries(Object.entries(after).filter(([parent, id]) => before[parent] !== id));
}

function childrenByParent(messages: Messages): Map<string, Message[]> {
  const byParent = new Map<string, Message[]>();
  for (const message of messages.values()) {
    const parent = message.parent ?? START;
    byParent.set(parent, [...(byParent.get(parent) ?? []), message]);
  }
  for (const children of byParent.values()) children.sort(inOrder);
  return byParent;
}

/** Two tabs may give the same number. */
function inOrder(a: Message, b: Message): number {
  return a.order - b.order || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
}
