// The part of a session file that is JSON: the messages, the state of the random numbers, and the date.

import type { ChatMessage } from '../chat-template/chat-template.js';
import { toPlainData } from '../chat-template/plain-data.js';
import { badSession } from './session-header.js';

/** A conversation without its keys and values. */
export interface Conversation {
  readonly messages: readonly ChatMessage[];
  /** Answers given so far: the state of the random numbers. */
  readonly nAnswers: number;
  readonly seed: bigint;
  /** The template's date; null where none was given. */
  readonly dateString: string | null;
}

const FIELDS = 'messages, nAnswers, seed, dateString';
const MAX_SEED = (1n << 64n) - 1n;

export function encodeConversation({ messages, nAnswers, seed, dateString }: Conversation): Uint8Array {
  // The seed in decimal digits: JSON's numbers are too small for it.
  return new TextEncoder().encode(JSON.stringify({ messages, nAnswers, seed: String(seed), dateString }));
}

/** @throws ToolkitError `BAD_SESSION` */
export function decodeConversation(bytes: Uint8Array, name: string): Conversation {
  let json: unknown;
  try {
    json = toPlainData(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)), 'session');
  } catch (cause) {
    throw badSession(name, `the conversation at byte 64 is not JSON of plain data in UTF-8`, cause);
  }
  if (typeof json !== 'object' || json === null || Object.keys(json).join(', ') !== FIELDS) {
    throw badSession(name, `the conversation at byte 64 has other fields, expected ${FIELDS}`);
  }
  const { messages, nAnswers, seed, dateString } = json as Record<string, unknown>;
  if (!isMessages(messages)) throw badSession(name, `messages are no list of objects with a role`);
  if (!(Number.isSafeInteger(nAnswers) && (nAnswers as number) >= 0)) {
    throw badSession(name, `nAnswers is ${JSON.stringify(nAnswers)}, expected a whole number from 0`);
  }
  if (!(typeof seed === 'string' && /^[1-9]\d{0,19}$/.test(seed) && BigInt(seed) <= MAX_SEED)) {
    throw badSession(name, `seed is ${JSON.stringify(seed)}, expected 1 to ${MAX_SEED} in digits`);
  }
  if (!(dateString === null || typeof dateString === 'string')) {
    throw badSession(name, `dateString is ${JSON.stringify(dateString)}, expected a string or null`);
  }
  return { messages, nAnswers: nAnswers as number, seed: BigInt(seed), dateString };
}

function isMessages(value: unknown): value is ChatMessage[] {
  return Array.isArray(value) && value.every((message) => typeof message?.role === 'string');
}
