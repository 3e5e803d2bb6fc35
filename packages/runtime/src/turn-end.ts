// Finds the token that a chat template ends an answer with: a model that was taught by the template says it when it is done.

import { type ChatOptions, renderChat } from './chat-template/chat-template.js';
import type { Tokenizer } from './tokenizer/tokenizer.js';

/** A text that no template writes by itself. */
const ANSWER = 'zqxjanswerzqxj';

/**
 * Id of the special token that follows the assistant's text in a conversation of one question and its answer; null where
 * none does, or where the template does not take such a conversation.
 *
 * @example findTurnEnd(tokenizer, template); // 128009 for Llama 3.2: <|eot_id|>
 */
export function findTurnEnd(tokenizer: Tokenizer, template: string, options: ChatOptions = {}): number | null {
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', content: ANSWER },
  ];
  let rendered: string;
  try {
    rendered = renderChat(tokenizer, template, messages, {
      dateString: '01 Jan 2026',
      ...options,
      addGenerationPrompt: false,
    });
  } catch {
    // The template is used only when somebody chats, and then it says what is wrong.
    return null;
  }
  const at = rendered.lastIndexOf(ANSWER);
  if (at < 0) return null;
  const rest = rendered.slice(at + ANSWER.length).trimStart();
  const [longest] = tokenizer.specialTokens
    .filter(({ name }) => rest.startsWith(name))
    .sort((a, b) => b.name.length - a.name.length);
  return longest?.id ?? null;
}
