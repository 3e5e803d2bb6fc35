// An answer as the events of a response of OpenAI's API. The last one holds the whole response.

import type { JsonObject } from '@llama-ts/base';
import type { ChatAnswer } from '../answer/chat-answer.js';
import type { ChatLogprob } from '../answer/logprobs.js';
import type { ToolCallDelta } from '../answer/speaker.js';
import type { UsageBody } from '../answer/tally.js';
import type { HttpError } from '../wire/http-error.js';

/** An event of a stream. */
export interface ResponseEvent {
  readonly type: string;
  readonly sequence_number: number;
  readonly [field: string]: unknown;
}

/** The events of one response, and how it fails. */
export interface ResponseStream {
  readonly events: AsyncGenerator<ResponseEvent, void, void>;
  /** The events of a response that fails where it stands. */
  failure(error: HttpError): readonly ResponseEvent[];
}

type Status = 'in_progress' | 'completed' | 'incomplete';

interface MessageItem {
  readonly id: string;
  readonly type: 'message';
  readonly role: 'assistant';
  status: Status;
  readonly content: TextPart[];
}

interface TextPart {
  readonly type: 'output_text';
  text: string;
  readonly annotations: readonly [];
  readonly logprobs: ChatLogprob[];
}

interface CallItem {
  readonly id: string;
  readonly type: 'function_call';
  readonly call_id: string;
  readonly name: string;
  arguments: string;
  status: Status;
}

/** What every state of a response says. */
export type ResponseHead = JsonObject;

/** @param newId a new id with this prefix */
export function responseStream(
  { parts, tally }: ChatAnswer,
  head: ResponseHead,
  newId: (prefix: string) => string,
): ResponseStream {
  const output: (MessageItem | CallItem)[] = [];
  let nEvents = 0;
  /** Which call of the answer the last item is; null for a message. */
  let call: number | null = null;
  /** Log-probabilities of tokens whose text was not sent yet. */
  let logprobs: ChatLogprob[] = [];

  const event = (type: string, fields: object): ResponseEvent => ({ type, sequence_number: nEvents++, ...fields });
  const state = (status: string, fields: object): object => ({ ...head, status, output, ...fields });
  const place = () => ({ item_id: output.at(-1)!.id, output_index: output.length - 1 });

  return {
    events: events(),
    failure(error) {
      const { code, message, param } = error;
      const failed = state('failed', {
        error: { code: 'server_error', message },
        incomplete_details: null,
        usage: null,
      });
      return [event('error', { code, message, param }), event('response.failed', { response: failed })];
    },
  };

  async function* events(): AsyncGenerator<ResponseEvent, void, void> {
    const begun = { error: null, incomplete_details: null, usage: null };
    for (const type of ['response.created', 'response.in_progress']) {
      yield event(type, { response: state('in_progress', begun) });
    }
    for await (const { delta, logprobs: found, end, finishReason } of parts) {
      logprobs.push(...(found ?? []));
      if (delta.content) yield* say(delta.content);
      for (const one of delta.tool_calls ?? []) yield* callTool(one);
      if (end === null) continue;
      const isCut = finishReason === 'length';
      if (output.length === 0) yield* openMessage();
      yield* close(isCut ? 'incomplete' : 'completed');
      const status = isCut ? 'incomplete' : 'completed';
      const incomplete_details = isCut ? { reason: 'max_output_tokens' } : null;
      const response = state(status, { error: null, incomplete_details, usage: usageOf(tally.usage) });
      yield event(`response.${status}`, { response });
    }
  }

  function* say(text: string): Generator<ResponseEvent> {
    if (output.at(-1)?.type !== 'message') yield* openMessage();
    const [part] = (output.at(-1) as MessageItem).content as [TextPart];
    part.text += text;
    part.logprobs.push(...logprobs);
    yield event('response.output_text.delta', { ...place(), content_index: 0, delta: text, logprobs });
    logprobs = [];
  }

  function* openMessage(): Generator<ResponseEvent> {
    yield* close('completed');
    const part: TextPart = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    const item: MessageItem = {
      id: newId('msg'),
      type: 'message',
      role: 'assistant',
      status: 'in_progress',
      content: [],
    };
    output.push(item);
    yield event('response.output_item.added', { output_index: output.length - 1, item: { ...item, content: [] } });
    item.content.push(part);
    yield event('response.content_part.added', { ...place(), content_index: 0, part: { ...part, logprobs: [] } });
  }

  function* callTool({ index, id, function: { name, arguments: given } }: ToolCallDelta): Generator<ResponseEvent> {
    if (call !== index) {
      yield* close('completed');
      call = index;
      const item = { id: newId('fc'), type: 'function_call' as const, call_id: id!, name: name!, arguments: '' };
      output.push({ ...item, status: 'in_progress' });
      const added = { ...item, status: 'in_progress' };
      yield event('response.output_item.added', { output_index: output.length - 1, item: added });
    }
    if (given === '') return;
    (output.at(-1) as CallItem).arguments += given;
    yield event('response.function_call_arguments.delta', { ...place(), delta: given });
  }

  /** Ends the last item. */
  function* close(status: Status): Generator<ResponseEvent> {
    const item = output.at(-1);
    if (item === undefined || item.status !== 'in_progress') return;
    item.status = status;
    if (item.type === 'message') {
      const [part] = item.content as [TextPart];
      yield event('response.output_text.done', {
        ...place(),
        content_index: 0,
        text: part.text,
        logprobs: part.logprobs,
      });
      yield event('response.content_part.done', { ...place(), content_index: 0, part });
    } else {
      const { name, arguments: given } = item;
      yield event('response.function_call_arguments.done', { ...place(), name, arguments: given });
    }
    yield event('response.output_item.done', { output_index: output.length - 1, item: { ...item } });
  }
}

function usageOf({ prompt_tokens: nPrompt, completion_tokens: nAnswer, ...others }: UsageBody) {
  return {
    input_tokens: nPrompt,
    input_tokens_details: others.prompt_tokens_details,
    output_tokens: nAnswer,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: others.total_tokens,
  };
}
