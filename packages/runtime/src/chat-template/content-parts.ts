// Content of messages in parts, as OpenAI's API has it: text is joined for templates that read text, and images are refused.

import { ToolkitError } from '@llama-ts/base';
import { describe } from '../options/check-options.js';
import type { ChatMessage } from './messages.js';

/** A template that iterates over the parts of a message: `{% for part in message.content %}`. */
const READS_PARTS = /\{%[-+]?\s*for\s+\w+\s+in\s[^%]*\bcontent\b/;
/** Types of parts that are text. */
const textTypes: ReadonlySet<unknown> = new Set(['text', 'input_text', 'output_text']);
/** Prefixes of the types of parts that no model here reads. */
const MEDIA = /^(input_)?(image|audio|video|file)/;
/** Results of tools are data, which templates write as JSON. */
const dataRoles: ReadonlySet<string> = new Set(['tool', 'ipython', 'function']);

/**
 * Messages as the template reads them. A list of strings, or of objects without types, is left to the template.
 *
 * `encodeChat` itself gives a template what transformers gives it.
 *
 * @throws ToolkitError `BAD_CHAT_INPUT` for parts that are no text
 */
export function joinTextParts(messages: readonly ChatMessage[], template: string): readonly ChatMessage[] {
  if (!messages.some(({ role, content }) => isParts(content) && !dataRoles.has(role))) return messages;
  const readsParts = READS_PARTS.test(template);
  return messages.map((message, i) => {
    const { role, content } = message;
    if (!isParts(content) || dataRoles.has(role)) return message;
    for (const [j, part] of content.entries()) checkPart(part, `messages[${i}].content[${j}]`, readsParts);
    return readsParts ? message : { ...message, content: content.map(({ text }) => text).join('\n') };
  });
}

interface Part {
  readonly type: string;
  readonly text?: unknown;
}

function isParts(content: unknown): content is readonly Part[] {
  return (
    Array.isArray(content) && content.length > 0 && Array.from(content).every((part) => typeof part?.type === 'string')
  );
}

function checkPart({ type, text }: Part, path: string, readsParts: boolean): void {
  if (MEDIA.test(type))
    throw badPart(`${path}: a part of type ${describe(type)}, expected text, all that the model reads`);
  if (readsParts) return;
  if (!textTypes.has(type)) throw badPart(`${path}: a part of type ${describe(type)}, expected one of type "text"`);
  if (typeof text !== 'string') throw badPart(`${path}.text: ${describe(text)}, expected a string`);
}

function badPart(message: string): ToolkitError {
  return new ToolkitError('BAD_CHAT_INPUT', message, {
    suggestions: ["send text alone: { role: 'user', content: 'Hello!' }"],
  });
}
