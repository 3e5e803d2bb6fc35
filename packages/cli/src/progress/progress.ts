// The progress of a piece of work, on stderr: on a terminal one line that is drawn over, elsewhere a line per tenth.

import { isDrawable } from '../terminal/terminal.js';
import { visible } from '../terminal/terminal-safe.js';
import { textWidth } from '../terminal/text-width.js';

/** Work under way. */
export interface Progress {
  /** Moves on by some units. */
  add(units: number): void;
  /** Sets the units done. */
  set(units: number): void;
  /** Shows a name at the end of the line if it fits. */
  name(text: string): void;
  /** Prints something else without mixing it up with the line. */
  above(print: () => void): void;
  stop(): void;
}

/** Options of a progress line. */
export interface ProgressOptions {
  readonly total: number;
  /** Units done before the work began, which do not count for the speed. */
  readonly start?: number;
  /** `2.5 GB` or `3 of 7 lines`. */
  readonly amount: (done: number, total: number) => string;
  /** Takes a line per tenth off a terminal; without it nothing is printed there. */
  readonly note?: (line: string) => void;
}

/** Time between two drawings. */
const DRAW_MILLISECONDS = 100;
/** The remaining time is estimated only after this much time and this share of the work. */
const MIN_ELAPSED_MILLISECONDS = 2000;
const MIN_SHARE = 0.02;
const MAX_BAR_COLUMNS = 30;
const MIN_BAR_COLUMNS = 6;
const MIN_NAME_COLUMNS = 8;
const TENTHS = 10;
const CLEAR_LINE = '\r\x1b[K';

export function createProgress(options: ProgressOptions): Progress {
  const { total, start = 0, amount, note } = options;
  const { stderr } = process;
  const isDrawn = isDrawable(stderr);
  const startedAt = performance.now();
  let done = start;
  let name = '';
  let drawnAt = Number.NEGATIVE_INFINITY;
  let tenth = Math.floor((TENTHS * done) / total);

  function draw(): void {
    drawnAt = performance.now();
    const left = timeLeft({ done, start, total, elapsed: drawnAt - startedAt });
    stderr.write(
      CLEAR_LINE + progressLine({ share: share(), amount: amount(done, total), left, name }, stderr.columns),
    );
  }

  function share(): number {
    return total > 0 ? Math.min(done / total, 1) : 1;
  }

  function move(units: number): void {
    done = units;
    if (isDrawn) {
      if (performance.now() - drawnAt >= DRAW_MILLISECONDS) draw();
      return;
    }
    const reached = Math.floor(TENTHS * share());
    // Not at 100 %: the output after it shows that the work is done.
    if (reached > tenth && reached < TENTHS) note?.(`${10 * reached} % (${amount(done, total)})`);
    tenth = Math.max(tenth, reached);
  }

  if (isDrawn) draw();
  return {
    add: (units) => move(done + units),
    set: move,
    name(text) {
      name = visible(text);
      if (isDrawn && performance.now() - drawnAt >= DRAW_MILLISECONDS) draw();
    },
    above(print) {
      if (isDrawn) stderr.write(CLEAR_LINE);
      print();
      if (isDrawn) draw();
    },
    stop() {
      if (isDrawn) stderr.write(CLEAR_LINE);
    },
  };
}

/** The values that a line shows. */
export interface ProgressState {
  /** 0 to 1. */
  readonly share: number;
  readonly amount: string;
  /** `12 s`; null while there is no estimate. */
  readonly left: string | null;
  readonly name: string;
}

/** Percentage and time always, then the amount, a bar and the name as far as they fit into less than the columns. */
export function progressLine({ share, amount, left, name }: ProgressState, columns: number): string {
  const room = Math.max(columns - 1, 1);
  const percentage = `${Math.floor(100 * share)} %`.padStart(5);
  const time = left === null ? '' : `, ${left} left`;
  const withAmount = `${percentage} (${amount})${time}`;
  const head = textWidth(withAmount) + MIN_BAR_COLUMNS + 1 <= room ? withAmount : percentage + time;
  const barColumns = Math.min(MAX_BAR_COLUMNS, room - textWidth(head) - 1);
  if (barColumns < MIN_BAR_COLUMNS) return head.trimStart().slice(0, room);
  const filled = Math.round(share * barColumns);
  const line = `${'█'.repeat(filled)}${'░'.repeat(barColumns - filled)} ${head}`;
  const nameRoom = room - textWidth(line) - 2;
  if (name === '' || nameRoom < MIN_NAME_COLUMNS) return line;
  const shown = textWidth(name) <= nameRoom ? name : `${name.slice(0, nameRoom - 1)}…`;
  return `${line}  ${shown}`;
}

interface Pace {
  readonly done: number;
  readonly start: number;
  readonly total: number;
  /** Milliseconds. */
  readonly elapsed: number;
}

/** The time left at the pace so far; null before that means something. */
export function timeLeft({ done, start, total, elapsed }: Pace): string | null {
  const worked = done - start;
  if (elapsed < MIN_ELAPSED_MILLISECONDS || worked < MIN_SHARE * (total - start)) return null;
  const seconds = Math.ceil((elapsed / 1000) * ((total - done) / worked));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
