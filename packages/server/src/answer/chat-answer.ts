// The answers to a conversation, whatever the protocol: its tokens, the engine's events, and what they say, part by part.

import { isToolkitError } from '@llama-ts/base';
import { type ChatMessage, encodeMessages } from '@llama-ts/runtime';
import type { Call } from '../call.js';
import type { ChatRequest, TemplateInput } from '../request/chat-request.js';
import { acceptsCall, type ToolUse } from '../request/tools.js';
import type { ServerContext } from '../server-options.js';
import { type ChatPart, chatParts } from './chat-parts.js';
import { checkToolTemplate } from './check-tool-template.js';
import { type Choices, submitChoices } from './choices.js';
import { oneCallAtATime } from './one-call-at-a-time.js';
import { createForcedSpeaker, createFreeSpeaker, createTextSpeaker, type Speaker } from './speaker.js';

/** Answers under way. */
export interface ChatAnswer extends Omit<Choices, 'events'> {
  readonly fingerprint: string;
  readonly parts: AsyncGenerator<ChatPart, void, void>;
}

/** How a protocol wants its answers. */
export interface ChatAnswerOptions {
  /** true refuses a requested length that does not fit the context; false ends the answer at the end of the context. */
  readonly mustFit: boolean;
  /** A new id for a call of a tool. */
  readonly createCallId: () => string;
}

/**
 * Submits the answers to a conversation.
 *
 * @throws ToolkitError what `Engine.submit` throws; HttpError 404 for another model, 400 for tools that the template does not read
 */
export function beginChat(
  context: ServerContext,
  call: Call,
  request: ChatRequest,
  { mustFit, createCallId }: ChatAnswerOptions,
): ChatAnswer {
  context.checkModelName(request.model);
  const { n, options, toolUse } = request;
  // Once: the fingerprint names the day that the prompt has, also at midnight.
  const dateString = context.dateStringOf(request.conversation.dateString);
  const conversation = { ...request.conversation, dateString };
  const { events, ...choices } = submitChoices(context, call, {
    prompts: [encodeConversation(context, conversation)],
    n,
    options,
    isLengthAsked: mustFit && options.maxTokens !== undefined,
  });
  const speakers = Array.from({ length: n }, () => createSpeaker(toolUse, createCallId));
  return {
    ...choices,
    fingerprint: context.fingerprintOf(dateString),
    parts: chatParts(events, speakers, context.model),
  };
}

/**
 * Tokens of a conversation in the model's template. Where that refuses an answer of several calls, they come one after another.
 *
 * @throws ToolkitError what `encodeMessages` throws; HttpError for tools that the template does not read
 */
export function encodeConversation(
  { model, templateName, dateStringOf }: ServerContext,
  { messages, tools, dateString, variables }: TemplateInput,
): number[] {
  checkToolTemplate(model, { templateName, tools });
  const options = { dateString: dateStringOf(dateString), tools, variables, templateName };
  const encode = (all: readonly ChatMessage[]): number[] => encodeMessages(model, all, options);
  try {
    return encode(messages);
  } catch (error) {
    const singly = isToolkitError(error) && error.code === 'TEMPLATE_ERROR' ? oneCallAtATime(messages) : null;
    if (singly === null) throw error;
    return encode(singly);
  }
}

function createSpeaker(toolUse: ToolUse, createId: () => string): Speaker {
  switch (toolUse.mode) {
    case 'none':
      return createTextSpeaker();
    case 'forced':
      return createForcedSpeaker({ createId });
    case 'auto':
      return createFreeSpeaker({ createId, accepts: (said) => acceptsCall(toolUse.tools, said) });
  }
}
