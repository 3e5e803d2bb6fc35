// POST /v1/chat/completions: answers a conversation.

import { beginChat, type ChatAnswer } from '../answer/chat-answer.js';
import { digestOf } from '../answer/digest-of.js';
import { joinParts } from '../answer/join-parts.js';
import type { Call } from '../call.js';
import { type ChatRequest, readChatRequest } from '../request/chat-request.js';
import type { ServerContext } from '../server-options.js';
import { answerStream } from './answer-stream.js';

/** Every part of a stream has these, and so has a whole response. */
type Head = ReturnType<typeof headOf>;

/** @throws HttpError, ToolkitError: a request that is refused before anything is computed */
export async function chatCompletions(context: ServerContext, call: Call): Promise<Response> {
  const request = await readChatRequest(await call.body(), context.constraints);
  const answer = beginChat(context, call, request, {
    mustFit: true,
    createCallId: () => `call_${context.createId().replaceAll('-', '')}`,
  });
  const head = headOf(context, answer);
  return request.isStream
    ? answerStream(call, streamed(request, answer, head))
    : Response.json(await whole(request, answer, head));
}

function headOf({ createId, modelName, now }: ServerContext, { seed, fingerprint }: ChatAnswer) {
  return {
    id: `chatcmpl-${createId()}`,
    created: Math.floor(now().getTime() / 1000),
    model: modelName,
    system_fingerprint: fingerprint,
    seed,
  };
}

async function whole({ options }: ChatRequest, { parts, nChoices, tally }: ChatAnswer, head: Head): Promise<object> {
  const choices = await joinParts(parts, nChoices, options.logprobs !== undefined);
  return { ...head, object: 'chat.completion', choices, usage: tally.usage };
}

async function* streamed(
  { includeUsage }: ChatRequest,
  { parts, nChoices, tally }: ChatAnswer,
  head: Head,
): AsyncGenerator<unknown, void, void> {
  const chunk = { ...head, object: 'chat.completion.chunk', ...(includeUsage ? { usage: null } : {}) };
  for (let index = 0; index < nChoices; index++) {
    const delta = { role: 'assistant', content: '' };
    yield { ...chunk, choices: [{ index, delta, logprobs: null, finish_reason: null }] };
  }
  for await (const { index, delta, logprobs, finishReason, end } of parts) {
    const listed = logprobs === null ? null : { content: logprobs, refusal: null };
    yield { ...chunk, choices: [{ index, delta, logprobs: listed, finish_reason: finishReason, ...digestOf(end) }] };
  }
  if (includeUsage) yield { ...chunk, choices: [], usage: tally.usage };
}
