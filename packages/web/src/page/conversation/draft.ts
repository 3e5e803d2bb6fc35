// An answer while it comes: collects events, and gives the message that they make so far.

import type { AnswerEvent, AnswererFacts } from '../answerer/answerer.js';
import type { AnswerFacts, AnswerMessage, AnswerState, Token, ToolCall } from './message.js';

export interface Draft {
  add(event: AnswerEvent): void;
  /** The message so far. */
  message(state: AnswerState, error?: string): AnswerMessage;
}

/**
 * @param answer the empty message
 * @param model that answers
 * @param now milliseconds
 */
export function createDraft(
  answer: AnswerMessage,
  { contextLength, sha256: modelSha256 }: Pick<AnswererFacts, 'contextLength' | 'sha256'>,
  now = (): number => performance.now(),
): Draft {
  const askedAt = now();
  const calls: ToolCall[] = [];
  const tokens: Token[] = [];
  let content = '';
  let model = '';
  let seed = '';
  let fingerprint = '';
  let finishReason: string | null = null;
  let digest: string | null = null;
  let usage: { promptTokens: number; cachedTokens: number; answerTokens: number } | null = null;
  /** Parts with text, probabilities or a call: about one for each token. */
  let nParts = 0;
  let firstAt: number | null = null;
  let lastAt = askedAt;

  return {
    add(event) {
      switch (event.type) {
        case 'start':
          ({ model, seed, fingerprint } = event);
          return;
        case 'text':
          content += event.text;
          // Probabilities come before their text, and are counted.
          if (tokens.length === 0) countPart(1);
          return;
        case 'tokens':
          tokens.push(...event.tokens);
          countPart(event.tokens.length);
          return;
        case 'call': {
          const known = calls[event.index] ?? { id: '', name: '', arguments: '' };
          calls[event.index] = {
            id: known.id + event.id,
            name: known.name + event.name,
            arguments: known.arguments + event.arguments,
          };
          if (tokens.length === 0) countPart(1);
          return;
        }
        case 'finish':
          ({ reason: finishReason, digest } = event);
          return;
        case 'usage':
          usage = event;
      }
    },
    message(state, error) {
      return {
        ...answer,
        content,
        toolCalls: [...calls],
        tokens: [...tokens],
        state,
        error: error ?? null,
        facts: model === '' ? null : factsSoFar(),
      };
    },
  };

  function countPart(n: number): void {
    nParts += n;
    lastAt = now();
    firstAt ??= lastAt;
  }

  function factsSoFar(): AnswerFacts {
    const { promptTokens, cachedTokens, answerTokens } = usage ?? {
      promptTokens: 0,
      cachedTokens: 0,
      answerTokens: nParts,
    };
    const seconds = firstAt === null ? 0 : (lastAt - firstAt) / 1000;
    return {
      ...{ model, modelSha256, seed, fingerprint, finishReason, digest },
      ...{ promptTokens, cachedTokens, answerTokens, contextLength },
      tokensPerSecond: seconds === 0 || answerTokens < 2 ? null : (answerTokens - 1) / seconds,
      firstTokenMs: firstAt === null ? null : firstAt - askedAt,
    };
  }
}
