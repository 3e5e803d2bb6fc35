// An answer followed to its end.

import type { ChatEvent, GenerateEvent } from '@llama-ts/runtime';

/** What the events of an answer hold. */
export interface CollectedAnswer {
  readonly ids: readonly number[];
  readonly text: string;
  /** Tokens of the prompt, and how many of them the KV cache had. */
  readonly nPrompt: number;
  readonly nCached: number;
  /** Turns that a conversation dropped before the answer. */
  readonly dropped: readonly Extract<ChatEvent, { type: 'turns-dropped' }>[];
  readonly end: Extract<ChatEvent, { type: 'end' }>;
}

export async function collectAnswer(events: AsyncIterable<GenerateEvent | ChatEvent>): Promise<CollectedAnswer> {
  const ids: number[] = [];
  const dropped: Extract<ChatEvent, { type: 'turns-dropped' }>[] = [];
  let text = '';
  let [nPrompt, nCached] = [0, 0];
  let end: Extract<ChatEvent, { type: 'end' }> | undefined;
  for await (const event of events) {
    if (event.type === 'turns-dropped') dropped.push(event);
    else if (event.type === 'prompt-end') ({ nTokens: nPrompt, nCached } = event);
    else text += event.text;
    if (event.type === 'token') ids.push(event.id);
    if (event.type === 'end') end = event;
  }
  return { ids, text, nPrompt, nCached, dropped, end: end! };
}
