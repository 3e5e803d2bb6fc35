// The answers to a conversation, whatever the protocol: its tokens, the engine's events, and what they say, part by part.

import { encodeMessages } from '@llama-ts/runtime';
import type { Call } from '../call.js';
import type { ChatRequest, Conversation } from '../request/chat-request.js';
import { acceptsCall, type ToolUse } from '../request/tools.js';
import type { ServerContext } from '../server-options.js';
import { type ChatPart, chatParts } from './chat-parts.js';
import { checkToolTemplate } from './check-tool-template.js';
import { type Choices, submitChoices } from './choices.js';
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
  const { conversation, n, options, toolUse } = request;
  const { events, ...choices } = submitChoices(context, call, {
    prompts: [encodeConversation(context, conversation)],
    n,
    options,
    isLengthAsked: mustFit && options.maxTokens !== undefined,
  });
  const speakers = Array.from({ length: n }, () => createSpeaker(toolUse, createCallId));
  const fingerprint = context.fingerprintOf(context.dateStringOf(conversation.dateString));
  return { ...choices, fingerprint, parts: chatParts(events, speakers, context.model) };
}

/**
 * Tokens of a conversation in the model's template.
 *
 * @throws ToolkitError what `encodeMessages` throws; HttpError for tools that the template does not read
 */
export function encodeConversation(
  { model, templateName, dateStringOf }: ServerContext,
  { messages, tools, dateString, variables }: Conversation,
): number[] {
  checkToolTemplate(model, { templateName, tools });
  return encodeMessages(model, messages, {
    dateString: dateStringOf(dateString),
    tools,
    variables,
    templateName,
  });
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
