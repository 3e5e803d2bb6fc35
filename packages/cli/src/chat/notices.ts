// What chat says about itself, on stderr: one line each.

import type { Chat, TurnsDroppedEvent } from '@llama-ts/runtime';
import { lookupWords } from '../lookup-flag.js';
import { wrapWords } from '../wrap-words.js';
import type { AnswerReport } from './answer-report.js';

/** Narrower, a second column has no room. */
const MIN_SECOND_COLUMNS = 24;

/** What a conversation at a terminal begins with. */
export function welcome(name: string, chat: Chat): string {
  return `${name}: ${chat.contextLength} positions of context; /help lists commands, /bye or Ctrl-D leaves`;
}

/** Two columns, the second broken at words; below the first where there is no room beside it. */
export function tableLines(rows: readonly (readonly [string, string])[], columns = 0): string[] {
  const width = Math.max(...rows.map(([head]) => head.length)) + 2;
  const room = columns > 0 ? columns : Number.POSITIVE_INFINITY;
  if (room - width < MIN_SECOND_COLUMNS) {
    return rows.flatMap(([head, text]) => [head, wrapWords(`  ${text}`, room)]);
  }
  return rows.map(([head, text]) => {
    const [first, ...rest] = wrapWords(text, room - width).split('\n');
    return [`${head.padEnd(width)}${first}`, ...rest.map((line) => ' '.repeat(width) + line)].join('\n');
  });
}

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
