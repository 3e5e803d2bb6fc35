// A label and a text next to it, which is wrapped in a column of its own, or below the label where that would be too narrow.

import { textWidth } from './text-width.js';
import { wrapWords } from './wrap-words.js';

/** Least width of the column of texts. */
const MIN_TEXT_COLUMNS = 24;
const INDENT_BELOW = '  ';

/** Where a row is shown. */
export interface RowPlace {
  /** Spaces before the label. */
  readonly indent?: string;
  /** Columns of the label, with the space after it. */
  readonly labelWidth: number;
  /** Columns of the terminal. */
  readonly columns: number;
}

/** One row, in lines of at most `columns` columns where words allow it. */
export function labelledRow(label: string, text: string, { indent = '', labelWidth, columns }: RowPlace): string {
  const margin = indent.length + Math.max(labelWidth, textWidth(label) + 1);
  const room = columns - margin;
  const isBelow = room < MIN_TEXT_COLUMNS && textWidth(text) > room;
  if (isBelow) return `${indent}${label}\n${wrapWords(indent + INDENT_BELOW + text, columns)}`.replace(/^\n/, '');
  const [first = '', ...rest] = wrapWords(text, room).split('\n');
  return [`${(indent + label).padEnd(margin)}${first}`, ...rest.map((line) => ' '.repeat(margin) + line)].join('\n');
}
