// Finds the token with which a chat template ends an answer: a model trained with the template generates it at the end.

import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { type ChatOptions, renderChat } from './chat-template.js';

/** A text that no template contains. */
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
    // A chat with this template reports what is wrong.
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

/** The facts of a model's files that decide which token ends an answer. */
export interface TemplateEnd {
  readonly chatTemplate: string;
  /** Special tokens by the variables of the template, where the files say them. */
  readonly templateTokens: Readonly<Record<string, string>> | undefined;
  /** Id of the begin-of-text token; null for a model without one. */
  readonly bosId: number | null;
}

/**
 * The same with the special tokens of the files, as a chat renders the template; null too where it is the token that
 * begins a text.
 */
export function templateEndToken(tokenizer: Tokenizer, end: TemplateEnd): number | null {
  const { chatTemplate, templateTokens, bosId } = end;
  const bosToken = tokenizer.specialTokens.find(({ id }) => id === bosId)?.name;
  const id = findTurnEnd(tokenizer, chatTemplate, {
    templateTokens: { ...(bosToken === undefined ? {} : { bos_token: bosToken }), ...templateTokens },
  });
  return id === bosId ? null : id;
}
