// Public names of @llama-ts/runtime.

export { type Answer, createAnswer } from './answer/answer.js';
export type {
  AnswerStep,
  EndEvent,
  EndReason,
  NamedLogProbability,
  TokenEvent,
  TokenLogProbabilities,
} from './answer/answer-events.js';
export type { LimitOptions } from './answer/answer-limits.js';
export type { AnswerOptions, CreateAnswerOptions } from './answer/answer-options.js';
export {
  type EncodePromptOptions,
  encodePrompt,
  type GenerateEvent,
  type GenerateOptions,
  generate,
} from './answer/generate.js';
export { type AnswerOfSeveral, type GenerateAnswersOptions, generateAnswers } from './answer/generate-answers.js';
export type { GenerateEndEvent, PromptEndEvent } from './answer/sequence.js';
export {
  type Chat,
  type ChatEndEvent,
  type ChatEvent,
  type CreateChatOptions,
  createChat,
  type TurnOptions,
  type TurnsDroppedEvent,
} from './chat/chat.js';
export { type FullContextPolicy, fullContextPolicies } from './chat/chat-context.js';
export { answerSeed } from './chat/chat-seed.js';
export {
  chosenTemplate,
  type EncodeMessagesOptions,
  encodeMessages,
  type TemplateChoice,
} from './chat/encode-messages.js';
export { type ChatMessage, type ChatOptions, encodeChat, renderChat } from './chat-template/chat-template.js';
export { LLAMA3_CHAT_TEMPLATE } from './chat-template/llama3-chat-template.js';
export { parseToolCall, parseToolCalls, type ToolCall } from './chat-template/tool-call.js';
export { findTurnEnd, type TemplateEnd, templateEndToken } from './chat-template/turn-end.js';
export type { ConstrainedText, Constraint } from './constraint/constraint.js';
export { jsonMode, jsonSchema, jsonSchemaInTurns, regex } from './constraint/constraints.js';
export { createSchemaJudge } from './constraint/schema/schema-judge.js';
export { textOr } from './constraint/text-or.js';
export {
  createEmbedder,
  type Embedder,
  type EmbedderOptions,
  type Embedding,
  type EmbedOptions,
} from './embedding/embedder.js';
export { type Pooling, poolings } from './embedding/pooler.js';
export { createEngine, type Engine, type SubmitOptions } from './engine/engine.js';
export type { EngineOptions } from './engine/engine-options.js';
export type { EventStream } from './engine/event-queue.js';
export { checkMemoryPlan, type MemoryPlan, type PlanMemoryOptions, planMemory } from './model/memory-plan.js';
export type { Model } from './model/model.js';
export { openModel } from './model/open-model.js';
export { DEFAULT_CONTEXT, type OpenModelOptions } from './model/open-model-options.js';
export { type CacheType, cacheTypes } from './pass/cache-type.js';
export type { ForwardOptions, SequenceTokens, WantedLogits } from './pass/forward.js';
export { type CreateCacheOptions, cacheTypeOf } from './pass/key-value-cache.js';
export { createPrefixCache, type PrefixCache } from './prefix-cache/prefix-cache.js';
export {
  type AnswerField,
  answerFields,
  type FieldOption,
  fieldsIn,
  type Vocabulary,
} from './request/answer-fields.js';
export {
  type AnswerCollector,
  type AnswerResult,
  createAnswerCollector,
  type Usage,
} from './request/answer-result.js';
export { BadRequest, shownValue } from './request/bad-request.js';
export {
  boolean as booleanKind,
  type FieldKind,
  type NumberKind,
  wholeNumber as wholeNumberKind,
} from './request/field-kinds.js';
export {
  type AnswerRequest,
  type ReadRequestOptions,
  readAnswerFields,
  readRequest,
  requestFieldNames,
} from './request/read-request.js';
export type { KnownConstraints } from './request/request-constraint.js';
export { type FieldSchema, requestProperties, resultProperties } from './request/request-schema.js';
export { type SubmitRequestOptions, submitRequest } from './request/submit-request.js';
export type { LogProbability } from './sampler/log-probabilities.js';
export { createRandomStream, type RandomStream } from './sampler/random.js';
export { createSampler, type Sampler, type SamplerOptions, type Softmax } from './sampler/sampler.js';
export { resolveSampling, type SamplingOptions } from './sampler/sampling-options.js';
export type { Conversation } from './session/conversation.js';
export {
  type ReadSessionOptions,
  readSession,
  type Session,
  type SessionSink,
  writeSession,
} from './session/session.js';
export type { SpeculateOptions, SpeculationReport } from './speculation/speculation.js';
export type { PromptRun } from './tokenizer/added-tokens.js';
export { splitLlama3 } from './tokenizer/split-llama3.js';
export type { StreamDecoder } from './tokenizer/stream-decoder.js';
export { createTokenizer, type DecodeOptions, type EncodeOptions, type Tokenizer } from './tokenizer/tokenizer.js';
