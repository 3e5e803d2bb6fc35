// Tables for any width: rows of columns where they fit, else the name of a row and its cells below it.

import { textWidth } from './text-width.js';
import { wrapWords } from './wrap-words.js';

/** One column of a table. */
export interface Column {
  /** What its cells say. */
  readonly head: string;
  /** A cell in words, for terminals that are too narrow for the column; default the head and the cell. */
  readonly words?: (cell: string) => string;
  /** Whether its cells end at the same place, as numbers do; else they begin there. */
  readonly isNumber?: boolean;
}

/** A table whose rows have names. */
export interface Table {
  /** Above the names. */
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly { readonly name: string; readonly cells: readonly string[] }[];
  /** Whether the heads are shown above their columns; without them, cells speak for themselves. */
  readonly hasHeads: boolean;
}

const INDENT = '  ';
const GAP = '  ';

/** Lines of at most `width` columns where words allow it. */
export function fitTable(table: Table, width: number): string[] {
  const beside = besideNames(table);
  if (fits(beside, width)) return beside;
  const below = belowNames(table);
  return fits(below, width) ? below : inWords(table, width);
}

function besideNames({ title, columns, rows, hasHeads }: Table): string[] {
  const heads = hasHeads ? columns : columns.map((column) => ({ ...column, head: '' }));
  const nameWidth = Math.max(
    ...rows.map(({ name }) => textWidth(name)),
    hasHeads ? textWidth(title) - INDENT.length : 0,
  );
  const widths = widthsOf(heads, rows);
  return [
    hasHeads ? `${padded(title, nameWidth + INDENT.length)}${GAP}${line(headCells(heads), heads, widths)}` : title,
    ...rows.map(({ name, cells }) => `${INDENT}${padded(name, nameWidth)}${GAP}${line(cells, heads, widths)}`),
  ].map((text) => text.trimEnd());
}

function belowNames({ title, columns, rows, hasHeads }: Table): string[] {
  const heads = hasHeads ? columns : columns.map((column) => ({ ...column, head: '' }));
  const widths = widthsOf(heads, rows);
  const indent = INDENT + INDENT;
  return [
    title,
    ...(hasHeads ? [indent + line(headCells(heads), heads, widths)] : []),
    ...rows.flatMap(({ name, cells }) => [INDENT + name, indent + line(cells, heads, widths)]),
  ].map((text) => text.trimEnd());
}

function inWords({ title, columns, rows }: Table, width: number): string[] {
  return [
    wrapWords(title, width),
    ...rows.flatMap(({ name, cells }) => [
      wrapWords(INDENT + name, width),
      wrapWords(INDENT + INDENT + cellsInWords(columns, cells), width),
    ]),
  ].flatMap((text) => text.split('\n'));
}

function cellsInWords(columns: readonly Column[], cells: readonly string[]): string {
  return columns
    .map(({ head, words = (cell: string) => `${head} ${cell}`.trim() }, i) => (cells[i] ? words(cells[i]) : ''))
    .filter((text) => text !== '')
    .join(', ');
}

function headCells(columns: readonly Column[]): string[] {
  return columns.map(({ head }) => head);
}

function widthsOf(columns: readonly Column[], rows: Table['rows']): number[] {
  return columns.map(({ head }, i) => Math.max(textWidth(head), ...rows.map(({ cells }) => textWidth(cells[i] ?? ''))));
}

function line(cells: readonly string[], columns: readonly Column[], widths: readonly number[]): string {
  return cells
    .map((cell, i) => (columns[i]!.isNumber === true ? cell.padStart(widths[i]!) : padded(cell, widths[i]!)))
    .join(GAP);
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

function fits(lines: readonly string[], width: number): boolean {
  return lines.every((text) => textWidth(text) <= width);
}
