// Conversations for templates that take one call in a message, as Llama 3.2's does: an answer of several calls becomes several
// answers, each followed by its result.

import type { ChatMessage } from '@llama-ts/runtime';

/** The conversation with one call in a message at most; null where it has no more than that already. */
export function oneCallAtATime(messages: readonly ChatMessage[]): ChatMessage[] | null {
  if (!messages.some((message) => callsOf(message).length > 1)) return null;
  const all: ChatMessage[] = [];
  for (let i = 0; i < messages.length; ) {
    const message = messages[i++]!;
    const calls = callsOf(message);
    if (calls.length < 2) {
      all.push(message);
      continue;
    }
    const results: ChatMessage[] = [];
    while (messages[i]?.role === 'tool') results.push(messages[i++]!);
    for (const [nth, call] of calls.entries()) {
      all.push({ ...message, content: nth === 0 ? message.content : null, tool_calls: [call] });
      const at = results.findIndex((result) => result.tool_call_id === call.id);
      if (at >= 0) all.push(...results.splice(at, 1));
    }
    all.push(...results);
  }
  return all;
}

function callsOf({ role, tool_calls: calls }: ChatMessage): readonly { readonly id?: unknown }[] {
  return role === 'assistant' && Array.isArray(calls) ? calls : [];
}
