// The layout of weights in panels of sixteen rows. A lane of a register is a row, so that kernels read weights in file order.
//
//   panel      scales (groups, 16) float16, zeros up to a multiple of 64 bytes, then the values of each group
//   Q8 group   (8, 16, 4) int8: four columns of each row, then the next four columns
//   Q4 group   (4, 16, 4) bytes: the low nibble is a column of the first half of the group, the high one 16 columns further
//
// Rows that the last panel lacks are zero bytes. native/kernels/weights-panels.h reads the same layout.
import type { PanelMatrix } from './kernels.js';

/** Rows of a panel: lanes of the widest register. */
export const PANEL_ROWS = 16;
/** Columns that share a scale. */
export const PANEL_GROUP_SIZE = 32;
/** Entries of a codebook. */
export const CODEBOOK_LENGTH = 16;

/** A cache line, at a multiple of which scales and values of a panel start. */
const LINE_BYTES = 64;
const SCALE_BYTES = 2;
const bitsOfValue: Readonly<Record<PanelMatrix['dtype'], number>> = { Q8: 8, Q4: 4 };

/** Bytes of the scales of a panel, up to its values. @param cols a multiple of 32 */
export function panelScalesByteLength(cols: number): number {
  const length = (cols / PANEL_GROUP_SIZE) * PANEL_ROWS * SCALE_BYTES;
  return Math.ceil(length / LINE_BYTES) * LINE_BYTES;
}

/** Bytes of a panel, scales and values. @param cols a multiple of 32 */
export function panelByteLength(dtype: PanelMatrix['dtype'], cols: number): number {
  return panelScalesByteLength(cols) + (cols * PANEL_ROWS * bitsOfValue[dtype]) / 8;
}

/** Bytes of all panels of a matrix. @param cols a multiple of 32 */
export function panelsByteLength(dtype: PanelMatrix['dtype'], rows: number, cols: number): number {
  return Math.ceil(rows / PANEL_ROWS) * panelByteLength(dtype, cols);
}
