// What a conversation is made of: messages, each of which follows another one, so that they form a tree.

/** A call that an answer makes. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as it was written. */
  readonly arguments: string;
}

/** A token that might stand at a place. */
export interface TokenCandidate {
  readonly text: string;
  /** Natural logarithm of its probability. */
  readonly logprob: number;
  /** The token's bytes, which may be a part of a character; null if the server does not send them. */
  readonly bytes: readonly number[] | null;
}

/** A token of an answer. */
export interface Token extends TokenCandidate {
  /** The most probable tokens at its place. */
  readonly top: readonly TokenCandidate[];
}

/** How an answer came about. */
export interface AnswerFacts {
  readonly model: string;
  /** Decimal digits. */
  readonly seed: string;
  readonly fingerprint: string;
  /** sha256 of the model's weights and settings; empty where it is not known. */
  readonly modelSha256: string;
  /** sha256 of the answer's tokens and logits; null for one that was stopped or failed, and where it is not known. */
  readonly digest: string | null;
  /** Why it ended: `stop`, `length`, `tool_calls`; null for one that was stopped or failed. */
  readonly finishReason: string | null;
  readonly promptTokens: number;
  /** Tokens of the prompt that were found in the server's cache. */
  readonly cachedTokens: number;
  readonly answerTokens: number;
  /** Tokens that prompt and answer together may have. */
  readonly contextLength: number;
  /** Speed after the first token; null for fewer than two tokens. */
  readonly tokensPerSecond: number | null;
  /** Time from the request to the first token; null without one. */
  readonly firstTokenMs: number | null;
}

/** `interrupted`: the page was closed while the answer came. */
export type AnswerState = 'answering' | 'done' | 'stopped' | 'failed' | 'interrupted';

interface Placed {
  readonly id: string;
  /** The message before it; null for a first one. */
  readonly parent: string | null;
  /** The message's number: of messages with the same parent, the newest has the largest. */
  readonly order: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly content: string;
}

export interface UserMessage extends Placed {
  readonly role: 'user';
}

export interface AnswerMessage extends Placed {
  readonly role: 'assistant';
  readonly toolCalls: readonly ToolCall[];
  readonly state: AnswerState;
  /** Why it failed. */
  readonly error: string | null;
  readonly facts: AnswerFacts | null;
  /** The answer's tokens with probabilities; empty if they were not asked for. */
  readonly tokens: readonly Token[];
}

/** The result of a tool call. */
export interface ToolMessage extends Placed {
  readonly role: 'tool';
  readonly callId: string;
  readonly name: string;
}

export type Message = UserMessage | AnswerMessage | ToolMessage;

/** The messages of a conversation by id. */
export type Messages = ReadonlyMap<string, Message>;
