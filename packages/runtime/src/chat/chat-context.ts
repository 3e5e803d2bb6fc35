// The policy for a full context: the conversation stops, or whole turns are dropped, the oldest first.

import { ToolkitError } from '@llama-ts/base';
import type { ChatMessage } from '../chat-template/chat-template.js';
import { contextRemedies } from '../options/context-remedies.js';

/** `stop` refuses a message that does not fit; `shift` drops the oldest turns, keeps the system prompt and reports it. */
export const fullContextPolicies = ['stop', 'shift'] as const;

/** One of {@link fullContextPolicies}. */
export type FullContextPolicy = (typeof fullContextPolicies)[number];

/** A conversation that fits, and what was dropped for it. */
export interface FittedConversation {
  readonly messages: readonly ChatMessage[];
  /** Tokens of the messages and of the answer's header. */
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
  /** The context the model is open with. */
  readonly modelContext: number;
  /** The context the model was made for. */
  readonly maxContext: number;
  readonly policy: FullContextPolicy;
  /** Tokens of the answer at most; undefined for no limit. */
  readonly maxTokens: number | undefined;
  readonly encode: (messages: readonly ChatMessage[]) => number[];
}

/** Share of the context that is kept free for an answer, unless its `maxTokens` is less. */
const ANSWER_SHARE = 1 / 4;
/** Dropping frees this share: the rest of the prompt is computed again then, which should be rare. */
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
  { contextLength, modelContext, maxContext, policy }: FitOptions,
  canShift: boolean,
): ToolkitError {
  const found = policy === 'shift' ? 'the system prompt and the last turn alone take' : 'the conversation takes';
  const excess = prompt.length - contextLength;
  return new ToolkitError(
    'CONTEXT_EXCEEDED',
    `${found} ${prompt.length} tokens, expected at most ${contextLength}: ${excess} too many`,
    {
      suggestions: [
        ...(canShift ? ['--when-full shift'] : []),
        ...contextRemedies(prompt.length, maxContext, contextLength < modelContext),
      ],
    },
  );
}
