// What happens when a conversation fills the context: it stops, or whole turns are dropped, the oldest first.

import { ToolkitError } from '@llama-ts/format';
import type { ChatMessage } from './chat-template/chat-template.js';
import { contextRemedies } from './context-remedies.js';

/** `stop` refuses a message that has no room; `shift` drops the oldest turns, keeps the system prompt and says so. */
export const fullContextPolicies = ['stop', 'shift'] as const;

/** One of {@link fullContextPolicies}. */
export type FullContextPolicy = (typeof fullContextPolicies)[number];

/** A conversation that has room, and what it took. */
export interface FittedConversation {
  readonly messages: readonly ChatMessage[];
  /** Tokens of the messages with the head of the answer. */
  readonly prompt: readonly number[];
  readonly nDroppedTurns: number;
  readonly nDroppedMessages: number;
  /** Tokens before anything was dropped. */
  readonly nTokensBefore: number;
}

/** Options of {@link fitConversation}. */
export interface FitOptions {
  /** Positions of prompt and answer together. */
  readonly contextLength: number;
  /** The most that the model was made for. */
  readonly maxContext: number;
  readonly policy: FullContextPolicy;
  /** Tokens the answer may take at most; undefined for as many as there is room for. */
  readonly maxTokens: number | undefined;
  readonly encode: (messages: readonly ChatMessage[]) => number[];
}

/** An answer shall have this share of the context to itself, or what it may take at most. */
const ANSWER_SHARE = 1 / 4;
/** Dropping frees this share: the prompt after it is computed anew, which shall not happen at every turn. */
const FREED_SHARE = 1 / 2;

/** @throws ToolkitError `CONTEXT_EXCEEDED`, `INVALID_OPTION` */
export function fitConversation(messages: readonly ChatMessage[], options: FitOptions): FittedConversation {
  const { contextLength, policy, maxTokens = Number.POSITIVE_INFINITY, encode } = options;
  checkPolicy(policy);
  const prompt = encode(messages);
  const whole = { messages, prompt, nDroppedTurns: 0, nDroppedMessages: 0, nTokensBefore: prompt.length };
  const needed = policy === 'stop' ? 0 : Math.min(maxTokens, Math.floor(contextLength * ANSWER_SHARE));
  if (prompt.length + needed <= contextLength) return whole;
  const fitted = policy === 'stop' ? whole : dropTurns(whole, contextLength * (1 - FREED_SHARE), encode);
  if (fitted.prompt.length > contextLength) {
    const shifted = policy === 'stop' ? dropTurns(whole, contextLength * (1 - FREED_SHARE), encode) : fitted;
    throw contextExceeded(fitted, options, shifted.prompt.length <= contextLength);
  }
  return fitted;
}

function dropTurns(whole: FittedConversation, goal: number, encode: FitOptions['encode']): FittedConversation {
  const { messages } = whole;
  const start = messages.findIndex(({ role }) => role !== 'system');
  const head = messages.slice(0, start);
  const laterTurns = messages.flatMap(({ role }, i) => (role === 'user' && i > start ? [i] : []));
  let fitted = whole;
  for (const [i, turn] of laterTurns.entries()) {
    if (fitted.prompt.length <= goal) break;
    const kept = [...head, ...messages.slice(turn)];
    fitted = {
      ...whole,
      messages: kept,
      prompt: encode(kept),
      nDroppedTurns: i + 1,
      nDroppedMessages: turn - start,
    };
  }
  return fitted;
}

function checkPolicy(policy: string): void {
  if ((fullContextPolicies as readonly string[]).includes(policy)) return;
  throw new ToolkitError(
    'INVALID_OPTION',
    `full-context policy ${JSON.stringify(policy)}, expected ${fullContextPolicies.join(' or ')}`,
  );
}

function contextExceeded(
  { prompt }: FittedConversation,
  { contextLength, maxContext, policy }: FitOptions,
  canShift: boolean,
): ToolkitError {
  const found = policy === 'shift' ? 'the system prompt and the last turn alone take' : 'the conversation takes';
  const excess = prompt.length - contextLength;
  return new ToolkitError(
    'CONTEXT_EXCEEDED',
    `${found} ${prompt.length} tokens, expected at most ${contextLength}: ${excess} too many`,
    {
      suggestions: [...(canShift ? ['--when-full shift'] : []), ...contextRemedies(prompt.length, maxContext)],
    },
  );
}
