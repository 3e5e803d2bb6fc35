// Sessions in memory, and conversations that are followed to their end.

import { bytesSource } from '@llama-ts/base';
import { type ChatEvent, type Model, readSession, type Session, writeSession } from '@llama-ts/runtime';
import { type CollectedAnswer, collectAnswer } from '../helpers/collect-answer.js';

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

/** An answer without its end, in which times differ. */
export type Said = Omit<CollectedAnswer, 'end'>;

/** Follows an answer to its end. */
export async function said(events: AsyncIterable<ChatEvent>): Promise<Said> {
  const { end: _end, ...rest } = await collectAnswer(events);
  return rest;
}
