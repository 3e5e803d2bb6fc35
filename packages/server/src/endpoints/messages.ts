// POST /v1/messages and /v1/messages/count_tokens: Anthropic's API, as a translation of a chat.

import { beginChat, encodeConversation } from '../answer/chat-answer.js';
import { anthropicError } from '../anthropic/anthropic-error.js';
import { type MessageEvent, messageEvents, wholeMessage } from '../anthropic/message.js';
import { readCountRequest, readMessagesRequest } from '../anthropic/messages-request.js';
import type { Call } from '../call.js';
import type { ServerContext } from '../server-options.js';
import { typedEvent } from '../wire/event-stream.js';
import { answerStreamIn, type StreamWords } from './answer-stream.js';

const words: StreamWords<MessageEvent> = {
  event: typedEvent,
  failure: (error) => typedEvent(anthropicError(error)),
  end: '',
};

/** @throws HttpError, ToolkitError: a request that is refused before anything is computed */
export async function messages(context: ServerContext, call: Call): Promise<Response> {
  const request = await readMessagesRequest(await call.body(), context.constraints);
  const newId = (prefix: string): string => `${prefix}_${context.createId().replaceAll('-', '')}`;
  // Clients of this API have to name a length, and name more than they want: the answer says where the context ended it.
  const answer = beginChat(context, call, request, { mustFit: false, createCallId: () => newId('toolu') });
  const { fingerprint, seed } = answer;
  const head = { id: newId('msg'), model: context.modelName, system_fingerprint: fingerprint, seed };
  return request.isStream
    ? answerStreamIn(words, call, messageEvents(answer.parts, answer.tally, head))
    : Response.json(await wholeMessage(answer, head));
}

/** @throws HttpError, ToolkitError */
export async function countTokens(context: ServerContext, call: Call): Promise<Response> {
  const { model, conversation } = await readCountRequest(await call.body(), context.constraints);
  context.checkModelName(model);
  return Response.json({ input_tokens: encodeConversation(context, conversation).length });
}
