// Draws a prompt and the text typed at it, over as many rows as it takes, and draws it over as it changes.

import { visible } from '../terminal/terminal-safe.js';
import { graphemes, graphemeWidth } from '../terminal/text-width.js';

/** Where to draw. */
export interface EditorScreenOptions {
  readonly write: (text: string) => void;
  readonly columns: () => number;
  readonly rows: () => number;
}

/** What is drawn. */
export interface EditorScreen {
  /** @param before the text before the cursor */
  draw(prompt: string, text: string, before: string): void;
  /** Moves below what is drawn, to the start of a new line. */
  leave(): void;
  /** Forgets what is drawn: the cursor is at the beginning of an empty line. */
  forget(): void;
}

const TAB_COLUMNS = 8;

export function createEditorScreen({ write, columns, rows }: EditorScreenOptions): EditorScreen {
  /** Rows below the first one of what is drawn: the cursor's, and the last one. */
  let cursorRow = 0;
  let lastRow = 0;

  return {
    draw(prompt, text, before) {
      const shown = layOut(prompt + text, columns());
      const end = layOut(prompt + before, columns());
      const cursor = { row: end.length - 1, column: widthOf(end.at(-1)!) };
      // Rows above the top of the terminal could never be drawn over.
      const room = Math.max(rows() - 1, 1);
      const first = Math.max(0, Math.min(cursor.row - room + 1, shown.length - room));
      const window = shown.slice(first, first + room);
      const up = cursorRow > 0 ? `\x1b[${cursorRow}A` : '';
      cursorRow = cursor.row - first;
      lastRow = window.length - 1;
      const back = lastRow > cursorRow ? `\x1b[${lastRow - cursorRow}A` : '';
      const across = cursor.column > 0 ? `\x1b[${cursor.column}C` : '';
      write(`${up}\r\x1b[J${window.join('\r\n')}${back}\r${across}`);
    },
    leave() {
      const down = lastRow > cursorRow ? `\x1b[${lastRow - cursorRow}B` : '';
      write(`${down}\r\n`);
      cursorRow = 0;
      lastRow = 0;
    },
    forget() {
      cursorRow = 0;
      lastRow = 0;
    },
  };
}

/** Rows of at most `columns` columns. After a full row comes another one, where the cursor goes. */
function layOut(text: string, columns: number): string[] {
  const width = columns > 0 ? columns : Number.POSITIVE_INFINITY;
  const rows: string[] = [];
  let row = '';
  let column = 0;
  const end = (): void => {
    rows.push(row);
    row = '';
    column = 0;
  };
  for (const grapheme of graphemes(text)) {
    if (grapheme === '\n') {
      end();
      continue;
    }
    const shown = grapheme === '\t' ? ' '.repeat(TAB_COLUMNS - (column % TAB_COLUMNS)) : visible(grapheme);
    const shownWidth = grapheme === '\t' ? shown.length : graphemeWidth(grapheme);
    if (column + shownWidth > width) end();
    row += shown;
    column += shownWidth;
    if (column === width) end();
  }
  return [...rows, row];
}

function widthOf(row: string): number {
  return graphemes(row).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0);
}
