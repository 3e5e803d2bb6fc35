// Messages of a conversation, and the check of them.

import { ToolkitError } from '@llama-ts/base';
import { describe } from '../options/check-options.js';

/** A message of a conversation; further fields (`name`, `tool_calls`, …) are what the template reads. */
export interface ChatMessage {
  /** `system`, `user`, `assistant`, `tool`, or another role that the template knows. */
  readonly role: string;
  /**
   * Text, or what else the template reads: a list of parts, a tool's result as an object. A chat and `encodeMessages` join
   * parts of text (`{ type: 'text', text: 'Hello!' }`) by line feeds for a template that reads no parts.
   */
  readonly content?: unknown;
  readonly [field: string]: unknown;
}

/**
 * Refuses anything but a list of objects with a role.
 *
 * @throws ToolkitError `BAD_CHAT_INPUT`
 */
export function checkMessages(messages: unknown): asserts messages is readonly ChatMessage[] {
  if (!Array.isArray(messages)) throw badMessages(`messages: ${describe(messages)}, expected an array of messages`);
  for (const [i, message] of messages.entries()) {
    const isObject = typeof message === 'object' && !Array.isArray(message);
    if (!isObject) throw badMessages(`messages[${i}]: ${describe(message)}, expected an object with a role`);
    if (typeof message?.role !== 'string') {
      throw badMessages(`messages[${i}]: role is ${describe(message?.role)}, expected a string`);
    }
  }
}

function badMessages(message: string): ToolkitError {
  return new ToolkitError('BAD_CHAT_INPUT', message, {
    suggestions: ["give each message a role: messages.map((message) => ({ role: 'user', ...message }))"],
  });
}
