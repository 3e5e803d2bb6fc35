// What the page talks to: something that answers conversations. A server does (server-answerer.ts); a model in the tab may.

import type { Token } from '../conversation/message.js';
import type { Settings } from '../conversation/settings.js';

/** Answers conversations. */
export interface Answerer {
  /** Says which model answers. @throws AnswererError */
  describe(signal?: AbortSignal): Promise<AnswererFacts>;
  /** Answers the last message. Ends within a pass when `signal` is aborted. @throws AnswererError */
  answer(request: AnswerRequest, signal: AbortSignal): AsyncIterable<AnswerEvent>;
}

export interface AnswererFacts {
  readonly name: string;
  /** Tokens that a prompt and its answer together may have. */
  readonly contextLength: number;
  /** sha256 of its weights and settings, in hexadecimal digits; empty from a server that does not say it. */
  readonly sha256: string;
}

export interface AnswerRequest {
  readonly messages: readonly RequestMessage[];
  readonly settings: Settings;
}

/** A message in OpenAI's form. */
export type RequestMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly tool_calls?: readonly RequestToolCall[] }
  | { readonly role: 'tool'; readonly content: string; readonly tool_call_id: string };

export interface RequestToolCall {
  readonly id: string;
  readonly type: 'function';
  readonly function: { readonly name: string; readonly arguments: string };
}

/** What happens while an answer comes. */
export type AnswerEvent =
  | { readonly type: 'start'; readonly model: string; readonly seed: string; readonly fingerprint: string }
  | { readonly type: 'text'; readonly text: string }
  /** A call, or more of its arguments. */
  | {
      readonly type: 'call';
      readonly index: number;
      readonly id: string;
      readonly name: string;
      readonly arguments: string;
    }
  | { readonly type: 'tokens'; readonly tokens: readonly Token[] }
  /** `digest`: sha256 of the answer's tokens and logits; null from a server that does not say it. */
  | { readonly type: 'finish'; readonly reason: string; readonly digest: string | null }
  | {
      readonly type: 'usage';
      readonly promptTokens: number;
      readonly cachedTokens: number;
      readonly answerTokens: number;
    };

/**
 * `unreachable`: no connection; `key`: a key is missing or wrong; `absent`: no model is open; `refused`: the request is wrong;
 * `failed`: anything else.
 */
export type AnswererErrorKind = 'unreachable' | 'key' | 'absent' | 'refused' | 'failed';

/** Why there is no answer, in words for the user. */
export class AnswererError extends Error {
  readonly kind: AnswererErrorKind;

  constructor(kind: AnswererErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AnswererError';
    this.kind = kind;
  }
}
