// Public names of @llama-ts/runtime.

export {
  type Answer,
  type AnswerOptions,
  type AnswerStep,
  type CreateAnswerOptions,
  createAnswer,
  type EndEvent,
  type EndReason,
  type TokenEvent,
  type TokenLogProbabilities,
} from './answer.js';
export type { LimitOptions } from './answer-limits.js';
export { type CacheType, cacheTypes } from './cache-type.js';
export {
  type Chat,
  type ChatEndEvent,
  type ChatEvent,
  type CreateChatOptions,
  createChat,
  type TurnOptions,
  type TurnsDroppedEvent,
} from './chat.js';
export { type FullContextPolicy, fullContextPolicies } from './chat-context.js';
export { answerSeed } from './chat-seed.js';
export { type ChatMessage, type ChatOptions, encodeChat, renderChat } from './chat-template/chat-template.js';
export { parseToolCall, parseToolCalls, type ToolCall } from './chat-template/tool-call.js';
export type { ConstrainedText, Constraint } from './constraint/constraint.js';
export { jsonMode, jsonSchema, regex } from './constraint/constraints.js';
export { type EncodeMessagesOptions, encodeMessages } from './encode-messages.js';
export { createEngine, type Engine, type EngineOptions, type SubmitOptions } from './engine/engine.js';
export type { EventStream } from './engine/event-queue.js';
export type { ForwardOptions, SequenceTokens, WantedLogits } from './forward.js';
export {
  type EncodePromptOptions,
  encodePrompt,
  type GenerateEvent,
  type GenerateOptions,
  generate,
} from './generate.js';
export { type AnswerOfSeveral, type GenerateAnswersOptions, generateAnswers } from './generate-answers.js';
export { type CreateCacheOptions, cacheTypeOf } from './key-value-cache.js';
export { LLAMA3_CHAT_TEMPLATE } from './llama3-chat-template.js';
export { DEFAULT_CONTEXT, type Model, type OpenModelOptions, openModel } from './model.js';
export type { LogProbability } from './sampler/log-probabilities.js';
export { createRandomStream, type RandomStream } from './sampler/random.js';
export { createSampler, type Sampler, type SamplerOptions, type Softmax } from './sampler/sampler.js';
export { resolveSampling, type SamplingOptions } from './sampler/sampling-options.js';
export type { GenerateEndEvent, PromptEndEvent } from './sequence.js';
export { type ReadSessionOptions, readSession, type Session, type SessionSink, writeSession } from './session.js';
export type { Conversation } from './session-conversation.js';
export type { SpeculateOptions, SpeculationReport } from './speculation/speculation.js';
export type { PromptRun } from './tokenizer/added-tokens.js';
export { splitLlama3 } from './tokenizer/split-llama3.js';
export type { StreamDecoder } from './tokenizer/stream-decoder.js';
export { createTokenizer, type DecodeOptions, type EncodeOptions, type Tokenizer } from './tokenizer/tokenizer.js';
export { findTurnEnd } from './turn-end.js';
