// The messages of a chat request, in the form that chat templates read.

import { isObject, type JsonObject } from '@llama-ts/base';
import { BadRequest, type ChatMessage, shownValue } from '@llama-ts/runtime';
import { unknownField, wrongValue } from './field-table.js';

/** OpenAI's newer name for the role `system`. */
const DEVELOPER = 'developer';
const roles = ['system', DEVELOPER, 'user', 'assistant', 'tool'];
const known = ['role', 'content', 'name', 'tool_calls', 'tool_call_id'];
/** What responses hold, which clients send back: empty, it says nothing. */
const empties = ['refusal', 'annotations', 'audio', 'function_call'];

/** @throws BadRequest that names message and field */
export function readMessages(messages: readonly unknown[]): ChatMessage[] {
  return messages.map((message, i) => readMessage(message, `messages[${i}]`));
}

function readMessage(message: unknown, at: string): ChatMessage {
  if (!isObject(message)) throw wrongValue(at, message, '{"role": "user", "content": "…"}');
  for (const [name, value] of Object.entries(message)) {
    const isEmpty = value === null || (Array.isArray(value) && value.length === 0);
    if (!known.includes(name) && !(empties.includes(name) && isEmpty)) throw unknownField(name, known, `${at}.`);
  }
  const { role, name } = message;
  if (typeof role !== 'string' || !roles.includes(role)) throw wrongValue(`${at}.role`, role, roles.join(', '));
  const calls = readCalls(message, at);
  const content = readContent(message.content, `${at}.content`, role === 'assistant' && calls !== undefined);
  return {
    role: role === DEVELOPER ? 'system' : role,
    content,
    ...(typeof name === 'string' ? { name } : {}),
    ...(calls === undefined ? {} : { tool_calls: calls }),
    ...(typeof message.tool_call_id === 'string' ? { tool_call_id: message.tool_call_id } : {}),
  };
}

function readContent(content: unknown, at: string, mayBeMissing: boolean): unknown {
  if (typeof content === 'string') return content;
  if ((content ?? null) === null && mayBeMissing) return null;
  if (!Array.isArray(content)) throw wrongValue(at, content, 'a text or a list of {"type": "text", "text": "…"}');
  return content.map((part: unknown, i) => readPart(part, `${at}[${i}]`));
}

function readPart(part: unknown, at: string): { readonly type: 'text'; readonly text: string } {
  const { type, text } = isObject(part) ? part : {};
  if (type === 'text' && typeof text === 'string') return { type, text };
  if (type === 'text') throw wrongValue(`${at}.text`, text, 'a text');
  throw new BadRequest(`${at}.type`, `${at}.type ${shownValue(type)} is not supported: the model reads text alone`);
}

/** Templates read the arguments of a call as an object; OpenAI writes them as text. */
function readCalls({ tool_calls: calls, role }: JsonObject, at: string): unknown[] | undefined {
  if (calls === undefined || calls === null || (Array.isArray(calls) && calls.length === 0)) return undefined;
  if (role !== 'assistant') throw wrongValue(`${at}.tool_calls`, calls, 'them in messages of the assistant alone');
  if (!Array.isArray(calls)) throw wrongValue(`${at}.tool_calls`, calls, 'a list');
  return calls.map((call: unknown, i) => readCall(call, `${at}.tool_calls[${i}]`));
}

function readCall(call: unknown, at: string): unknown {
  const { id, type, function: called } = isObject(call) ? call : {};
  if (type !== 'function' || !isObject(called)) throw wrongValue(at, call, '{"type": "function", "function": {…}}');
  if (typeof called.name !== 'string') throw wrongValue(`${at}.function.name`, called.name, 'a text');
  const given = parsedArguments(called.arguments, `${at}.function.arguments`);
  return { id, type, function: { name: called.name, arguments: given } };
}

/** The arguments of a call, which OpenAI writes as text. @throws BadRequest */
export function parsedArguments(value: unknown, at: string): JsonObject {
  try {
    const given: unknown = typeof value === 'string' ? JSON.parse(value) : undefined;
    if (isObject(given)) return given;
  } catch {}
  throw wrongValue(at, value, 'an object, written as JSON in a text');
}
