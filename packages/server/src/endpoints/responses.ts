// POST /v1/responses: OpenAI's second API for conversations, as a translation of a chat. Nothing is stored.

import { beginChat } from '../answer/chat-answer.js';
import type { Call } from '../call.js';
import { type ResponseEvent, responseStream } from '../responses/response-events.js';
import { readResponsesRequest } from '../responses/responses-request.js';
import type { ServerContext } from '../server-options.js';
import { typedEvent } from '../wire/event-stream.js';
import { answerStreamIn } from './answer-stream.js';

/** @throws HttpError, ToolkitError: a request that is refused before anything is computed */
export async function responses(context: ServerContext, call: Call): Promise<Response> {
  const request = await readResponsesRequest(await call.body(), context.constraints);
  const newId = (prefix: string): string => `${prefix}_${context.createId().replaceAll('-', '')}`;
  const answer = beginChat(context, call, request, { mustFit: true, createCallId: () => newId('call') });
  const head = {
    id: newId('resp'),
    object: 'response',
    created_at: Math.floor(context.now().getTime() / 1000),
    model: context.modelName,
    ...request.echo,
    background: false,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    truncation: 'disabled',
    seed: answer.seed,
    system_fingerprint: answer.fingerprint,
  };
  const { events, failure } = responseStream(answer, head, newId);
  if (request.isStream) {
    const words = {
      event: typedEvent,
      failure: (error: Parameters<typeof failure>[0]) => failure(error).map(typedEvent).join(''),
      end: '',
    };
    return answerStreamIn(words, call, events);
  }
  let last: ResponseEvent | undefined;
  for await (const event of events) last = event;
  return Response.json(last!.response);
}
