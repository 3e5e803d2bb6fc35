// Sessions in memory, and conversations that are followed to their end.

import { bytesSource } from '@llama-ts/format';
import { type ChatEvent, type Model, readSession, type Session, writeSession } from '@llama-ts/runtime';

/** The bytes of a session file. */
export async function sessionBytes(model: Model, session: Session): Promise<Uint8Array> {
  const blocks: { bytes: Uint8Array; byteOffset: number }[] = [];
  const byteLength = await writeSession(model, session, {
    async writeAt(bytes, byteOffset) {
      blocks.push({ bytes: bytes.slice(), byteOffset });
    },
  });
  const file = new Uint8Array(byteLength);
  for (const { bytes, byteOffset } of blocks) file.set(bytes, byteOffset);
  return file;
}

/** The session in such bytes. */
export function sessionOf(model: Model, bytes: Uint8Array, contextLength?: number): Promise<Session> {
  return readSession(model, bytesSource(bytes, 'talk.session'), { contextLength });
}

/** What was said, and how. */
export interface Said {
  readonly ids: readonly number[];
  readonly text: string;
  readonly nPrompt: number;
  readonly nCached: number;
  readonly dropped: readonly Extract<ChatEvent, { type: 'turns-dropped' }>[];
}

/** Follows an answer to its end. */
export async function said(events: AsyncIterable<ChatEvent>): Promise<Said> {
  const ids: number[] = [];
  const dropped: Extract<ChatEvent, { type: 'turns-dropped' }>[] = [];
  let text = '';
  let nPrompt = 0;
  let nCached = 0;
  for await (const event of events) {
    if (event.type === 'turns-dropped') dropped.push(event);
    else if (event.type === 'prompt-end') ({ nTokens: nPrompt, nCached } = event);
    else text += event.text;
    if (event.type === 'token') ids.push(event.id);
  }
  return { ids, text, nPrompt, nCached, dropped };
}
