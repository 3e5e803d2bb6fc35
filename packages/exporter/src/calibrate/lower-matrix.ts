// The lower triangle of a symmetric matrix, in panels of columns: each panel is one array of rows for the kernels.

/** Columns of a panel, and columns whose errors are fed back together. */
export const BLOCK = 128;

/** The entries on and below the diagonal. */
export interface LowerMatrix {
  readonly size: number;
  /** Panel j holds columns j * BLOCK on and the rows from there on: (size − j * BLOCK, {@link panelWidth}) */
  readonly panels: readonly Float32Array[];
}

/** Panels of a matrix. */
function panelCount(size: number): number {
  return Math.ceil(size / BLOCK);
}

/** Columns of panel `j`. */
export function panelWidth(size: number, j: number): number {
  return Math.min(BLOCK, size - j * BLOCK);
}

/** Entries of all panels. */
export function lowerLength(size: number): number {
  let length = 0;
  for (let j = 0; j < panelCount(size); j++) length += (size - j * BLOCK) * panelWidth(size, j);
  return length;
}

/** A matrix in the front of `memory`, which holds {@link lowerLength} values or more. */
export function lowerIn(memory: Float32Array, size: number): LowerMatrix {
  const panels: Float32Array[] = [];
  let start = 0;
  for (let j = 0; j < panelCount(size); j++) {
    const end = start + (size - j * BLOCK) * panelWidth(size, j);
    panels.push(memory.subarray(start, end));
    start = end;
  }
  return { size, panels };
}

/** into (cols, rows) = from (rows, cols), transposed. */
export function transpose(into: Float32Array, from: Float32Array, rows: number, cols: number): void {
  for (let firstRow = 0; firstRow < rows; firstRow += TILE) {
    const endRow = Math.min(rows, firstRow + TILE);
    for (let column = 0; column < cols; column++) {
      for (let row = firstRow; row < endRow; row++) into[column * rows + row] = from[row * cols + column]!;
    }
  }
}

/** Rows that are transposed together: the cache lines that they are written to. */
const TILE = 16;
