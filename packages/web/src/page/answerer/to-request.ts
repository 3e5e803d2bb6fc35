// A conversation as the body of a request for a chat completion.

import type { Message } from '../conversation/message.js';
import type { Settings } from '../conversation/settings.js';
import type { AnswerRequest, RequestMessage } from './answerer.js';

/** Alternatives that are shown beside each token. */
const N_ALTERNATIVES = 5;

/** @param path the messages before the answer, from the first on */
export function toAnswerRequest(path: readonly Message[], settings: Settings): AnswerRequest {
  const system = settings.system.trim() === '' ? [] : [{ role: 'system' as const, content: settings.system }];
  return { messages: [...system, ...path.map(toRequestMessage)], settings };
}

/** Settings that are empty are left out. */
export function toBody({ messages, settings }: AnswerRequest): object {
  const { numbers, seed, stop, date, schema, hasProbabilities } = settings;
  const stops = stop.split('\n').filter((line) => line !== '');
  return {
    messages,
    stream: true,
    stream_options: { include_usage: true },
    digest: true,
    ...numbers,
    // Numbers of JavaScript hold 53 bits, and seeds have 64.
    ...(seed === '' ? {} : { seed: Number.isSafeInteger(Number(seed)) ? Number(seed) : seed }),
    ...(stops.length === 0 ? {} : { stop: stops }),
    ...(date.trim() === '' ? {} : { chat_template_kwargs: { date_string: date.trim() } }),
    ...(hasProbabilities ? { logprobs: true, top_logprobs: N_ALTERNATIVES } : {}),
    ...(schema.trim() === '' ? {} : { response_format: formOf(JSON.parse(schema)) }),
    ...toolsOf(settings),
  };
}

function toRequestMessage(message: Message): RequestMessage {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: message.content };
    case 'tool':
      return { role: 'tool', content: message.content, tool_call_id: message.callId };
    case 'assistant': {
      const { content, toolCalls } = message;
      const calls = toolCalls.map(({ id, name, arguments: given }) => ({
        id,
        type: 'function' as const,
        function: { name, arguments: given },
      }));
      return { role: 'assistant', content, ...(calls.length === 0 ? {} : { tool_calls: calls }) };
    }
  }
}

function formOf(schema: unknown): object {
  return { type: 'json_schema', json_schema: { name: 'answer', schema } };
}

function toolsOf({ tools, toolChoice }: Settings): object {
  if (tools.trim() === '') return {};
  const isMode = ['auto', 'required', 'none'].includes(toolChoice);
  return {
    tools: JSON.parse(tools),
    tool_choice: isMode ? toolChoice : { type: 'function', function: { name: toolChoice } },
  };
}
