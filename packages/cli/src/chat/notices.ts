// What chat says about itself, on stderr: one line each.

import type { Chat, TurnsDroppedEvent } from '@llama-ts/runtime';
import { lookupWords } from '../lookup-flag.js';
import type { AnswerReport } from './answer-report.js';

/** Oldest turns went to make room. */
export function droppedNotice(event: TurnsDroppedEvent): string {
  const { nTurns, nMessages, nTokensBefore, nTokens, contextLength } = event;
  return (
    `context full: dropped the oldest ${count(nTurns, 'turn')}, ${count(nMessages, 'message')}; ` +
    `${nTokensBefore} tokens became ${nTokens} of ${contextLength}`
  );
}

/** An answer ended where the context does. */
export function fullNotice({ contextLength }: Chat): string {
  return (
    `context full: the answer ends here, at ${contextLength} of ${contextLength} positions; ` +
    'go on with /undo, /reset or /set when-full shift'
  );
}

/** How fast an answer came, and how much of its prompt was there already. */
export function speedNotice(report: AnswerReport, backend: string): string {
  const { ids, nPromptTokens, nCachedTokens, promptMilliseconds, milliseconds, speculation } = report;
  const nComputed = nPromptTokens - nCachedTokens;
  return (
    `prompt ${nPromptTokens} tokens, cached tokens ${nCachedTokens}, ${rate(nComputed, promptMilliseconds)} tok/s; ` +
    `generated ${ids.length} tokens, ${rate(ids.length, milliseconds)} tok/s (${backend})${lookupWords(speculation)}`
  );
}

/** How much of the context the conversation takes. */
export function contextNotice(chat: Chat, whenFull: string): string {
  const nTokens = chat.countTokens();
  const nTurns = chat.messages.filter(({ role }) => role === 'user').length;
  const share = Math.round((100 * nTokens) / chat.contextLength);
  return (
    `${nTokens} of ${chat.contextLength} positions (${share} %): ${count(chat.messages.length, 'message')}, ${count(nTurns, 'turn')}; ` +
    `when full: ${whenFull}`
  );
}

/** `1 turn`, `2 turns`. */
function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

function rate(n: number, milliseconds: number): string {
  return milliseconds > 0 ? ((1000 * n) / milliseconds).toFixed(1) : '0.0';
}
