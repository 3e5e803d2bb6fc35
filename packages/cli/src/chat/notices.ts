// Messages of chat itself, on stderr: one line each.

import type { Chat, TurnsDroppedEvent } from '@llama-ts/runtime';
import { lookupWords } from '../flags/lookup-flag.js';
import { labelledRow } from '../terminal/labelled-row.js';
import type { AnswerReport } from './answer-report.js';

/** The first lines of a conversation at a terminal. */
export function welcome(name: string, chat: Chat): string {
  return `${name}: ${chat.contextLength} positions of context; /help lists commands, /bye or Ctrl-D leaves`;
}

/** Two columns, the second wrapped at words, or below the first if it does not fit next to it. */
export function tableLines(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const labelWidth = Math.max(...rows.map(([head]) => head.length)) + 2;
  return rows.map(([head, text]) => labelledRow(head, text, { labelWidth, columns }));
}

/** A saved conversation goes on. */
export function continuedNotice(path: string, chat: Chat): string {
  const nTurns = chat.messages.filter(({ role }) => role === 'user').length;
  return `continuing the conversation of ${path}: ${count(nTurns, 'turn')}; /reset begins anew`;
}

/** A command without its slash, which is a message. */
export function slashNotice(word: string, command: string): string {
  return `${word} alone would be a message to the model; the command is /${command}, and ${word} once more is sent`;
}

/** The oldest turns were dropped to make room. */
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
    'continue with /undo, /reset or /set when-full shift'
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
