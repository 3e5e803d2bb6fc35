// The input of a response of OpenAI's API in the form that chat templates read.

import { isObject, type JsonObject } from '@llama-ts/base';
import { BadRequest, type ChatMessage, shownValue } from '@llama-ts/runtime';
import { checkNames, wrongValue } from '../request/field-table.js';
import { parsedArguments } from '../request/messages.js';

/** What items that come back from a response hold beside their own: it cannot change an answer here. */
const harmless = ['id', 'status', 'phase', 'annotations', 'logprobs', 'created_by', 'namespace'];
const roles = ['user', 'assistant', 'system', 'developer'];
const textTypes = ['input_text', 'output_text', 'text'];

/** @throws BadRequest that names item and field */
export function readInput(input: unknown, instructions: unknown): ChatMessage[] {
  const first = typeof instructions === 'string' ? [{ role: 'system', content: instructions }] : [];
  if (typeof input === 'string') return [...first, { role: 'user', content: input }];
  const messages: ChatMessage[] = [...first];
  let calls: unknown[] | null = null;
  for (const [i, item] of (input as readonly unknown[]).entries()) {
    const at = `input[${i}]`;
    if (!isObject(item)) throw wrongValue(at, item, '{"role": "user", "content": "…"}');
    if (item.type === 'function_call') {
      // Calls that follow one another were made by one answer.
      if (calls === null) {
        calls = [];
        messages.push({ role: 'assistant', content: null, tool_calls: calls });
      }
      calls.push(readCall(item, at));
      continue;
    }
    calls = null;
    messages.push(item.type === 'function_call_output' ? readOutput(item, at) : readMessage(item, at));
  }
  return messages;
}

function readMessage(item: JsonObject, at: string): ChatMessage {
  const { type, role, content } = item;
  if ((type ?? 'message') !== 'message') {
    const message = `${at}.type ${shownValue(type)} is not supported, expected "message", "function_call" or "function_call_output"`;
    throw new BadRequest(`${at}.type`, message);
  }
  checkNames(item, ['type', 'role', 'content'], harmless, at);
  if (typeof role !== 'string' || !roles.includes(role)) throw wrongValue(`${at}.role`, role, roles.join(', '));
  return { role: role === 'developer' ? 'system' : role, content: readTexts(content, `${at}.content`) };
}

function readCall(item: JsonObject, at: string): object {
  checkNames(item, ['type', 'call_id', 'name', 'arguments'], harmless, at);
  const { call_id: id, name, arguments: given } = item;
  if (typeof name !== 'string') throw wrongValue(`${at}.name`, name, 'a text');
  return { id, type: 'function', function: { name, arguments: parsedArguments(given, `${at}.arguments`) } };
}

function readOutput(item: JsonObject, at: string): ChatMessage {
  checkNames(item, ['type', 'call_id', 'output'], harmless, at);
  const { call_id: id, output } = item;
  if (typeof id !== 'string') throw wrongValue(`${at}.call_id`, id, 'a text');
  const texts = readTexts(output, `${at}.output`);
  const content = typeof texts === 'string' ? texts : texts.map(({ text }) => text).join('\n');
  return { role: 'tool', content, tool_call_id: id };
}

/** A text, or parts of text. */
function readTexts(content: unknown, at: string): string | { readonly type: 'text'; readonly text: string }[] {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw wrongValue(at, content, 'a text or a list of {"type": "input_text", "text": "…"}');
  return content.map((part: unknown, i) => {
    const { type, text } = isObject(part) ? part : {};
    const place = `${at}[${i}]`;
    if (!textTypes.includes(type as string)) {
      const message = `${place}.type ${shownValue(type)} is not supported: the model reads text alone`;
      throw new BadRequest(`${place}.type`, message);
    }
    if (typeof text !== 'string') throw wrongValue(`${place}.text`, text, 'a text');
    return { type: 'text', text };
  });
}
