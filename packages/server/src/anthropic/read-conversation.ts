// Messages of Anthropic's API in the form that chat templates read: a message may become several, as each result of a tool is one.

import { isObject, type JsonObject } from '@llama-ts/base';
import { BadRequest, type ChatMessage, shownValue } from '@llama-ts/runtime';
import { checkNames, wrongValue } from '../request/field-table.js';

/** What a block may hold beside its own: it cannot change an answer here. */
const harmless = ['cache_control', 'citations', 'caller', 'toolset_name'];
const roles = ['user', 'assistant', 'system'];

/** @throws BadRequest that names message and block */
export function readConversation(messages: readonly unknown[], system: unknown): ChatMessage[] {
  const first = (system ?? null) === null ? [] : [{ role: 'system', content: readTexts(system, 'system') }];
  const last = messages.at(-1);
  if (isObject(last) && last.role === 'assistant') {
    const at = `messages[${messages.length - 1}].role`;
    throw new BadRequest(
      at,
      `${at} "assistant" at the end: an answer is not continued, expected a message of the user`,
    );
  }
  return [...first, ...messages.flatMap((message, i) => readMessage(message, `messages[${i}]`))];
}

function readMessage(message: unknown, at: string): ChatMessage[] {
  if (!isObject(message)) throw wrongValue(at, message, '{"role": "user", "content": "…"}');
  checkNames(message, ['role', 'content'], harmless, at);
  const { role, content } = message;
  if (typeof role !== 'string' || !roles.includes(role)) throw wrongValue(`${at}.role`, role, roles.join(', '));
  if (typeof content === 'string') return [{ role, content }];
  if (!Array.isArray(content)) throw wrongValue(`${at}.content`, content, 'a text or a list of blocks');
  if (role === 'assistant') return [readAssistant(content, `${at}.content`)];
  return readBlocks(role, content, `${at}.content`);
}

/** Texts that follow one another are one message; each result of a tool is one of its own. */
function readBlocks(role: string, blocks: readonly unknown[], at: string): ChatMessage[] {
  const messages: ChatMessage[] = [];
  let texts: JsonObject[] = [];
  const flush = (): void => {
    if (texts.length > 0) messages.push({ role, content: texts });
    texts = [];
  };
  for (const [i, block] of blocks.entries()) {
    const place = `${at}[${i}]`;
    if (role !== 'user' || !isObject(block) || block.type !== 'tool_result') {
      texts.push(readText(block, place));
      continue;
    }
    flush();
    checkNames(block, ['type', 'tool_use_id', 'content', 'is_error'], harmless, place);
    const { tool_use_id: id, content = '' } = block;
    if (typeof id !== 'string') throw wrongValue(`${place}.tool_use_id`, id, 'a text');
    const parts = readTexts(content, `${place}.content`);
    const text = typeof parts === 'string' ? parts : parts.map((part) => part.text).join('\n');
    messages.push({ role: 'tool', content: text, tool_call_id: id });
  }
  flush();
  return messages;
}

function readAssistant(blocks: readonly unknown[], at: string): ChatMessage {
  const texts: JsonObject[] = [];
  const calls: object[] = [];
  for (const [i, block] of blocks.entries()) {
    const place = `${at}[${i}]`;
    if (!isObject(block) || block.type !== 'tool_use') {
      texts.push(readText(block, place));
      continue;
    }
    checkNames(block, ['type', 'id', 'name', 'input'], harmless, place);
    const { id, name, input } = block;
    if (typeof name !== 'string') throw wrongValue(`${place}.name`, name, 'a text');
    if (!isObject(input)) throw wrongValue(`${place}.input`, input, 'an object');
    calls.push({ id, type: 'function', function: { name, arguments: input } });
  }
  const content = texts.length > 0 ? texts : calls.length > 0 ? null : '';
  return { role: 'assistant', content, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
}

/** A text, or blocks of text. */
function readTexts(content: unknown, at: string): string | { readonly type: 'text'; readonly text: string }[] {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw wrongValue(at, content, 'a text or a list of {"type": "text", "text": "…"}');
  return content.map((block, i) => readText(block, `${at}[${i}]`));
}

function readText(block: unknown, at: string): { readonly type: 'text'; readonly text: string } {
  const { type, text } = isObject(block) ? block : {};
  if (type !== 'text') {
    throw new BadRequest(`${at}.type`, `${at}.type ${shownValue(type)} is not supported here, expected "text"`);
  }
  checkNames(block as JsonObject, ['type', 'text'], harmless, at);
  if (typeof text !== 'string') throw wrongValue(`${at}.text`, text, 'a text');
  return { type, text };
}
