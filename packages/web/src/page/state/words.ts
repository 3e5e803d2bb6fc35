// What the page says of an answer, and of an error.

import type { AnswerMessage } from '../conversation/message.js';

export function spoken({ state, content, toolCalls, error }: AnswerMessage): string {
  if (state === 'stopped') return 'The answer was stopped.';
  if (state === 'failed') return `No answer: ${error ?? ''}`;
  const calls = toolCalls.map(({ name }) => `The answer calls ${name}.`);
  return [content, ...calls].filter((part) => part !== '').join(' ');
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
