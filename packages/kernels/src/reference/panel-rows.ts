// The rows of a matrix in panels, read back one at a time.
import type { PanelMatrix } from '../kernels.js';
import { PANEL_GROUP_SIZE, PANEL_ROWS, panelByteLength, panelScalesByteLength } from '../panels.js';
import { halfToFloat } from './half.js';

/** Reads one row of quantized weights at a time; what it returns is valid until the next call. */
export interface RowReader {
  /** Row `row`, (cols), int8. */
  values(row: number): Int8Array;
  /** The scales of row `row`, (cols / group size). */
  scales(row: number): Float32Array;
}

/** Columns of a row that lie together. */
const QUAD = 4;
/** Bytes from four columns of a row to the next four. */
const QUAD_STRIDE = PANEL_ROWS * QUAD;

/** Reads rows of `matrix`, 0 to rows - 1: values with the codebook applied, scales widened. */
export function panelRows(matrix: PanelMatrix): RowReader {
  const { dtype, cols, panels } = matrix;
  const nGroups = cols / PANEL_GROUP_SIZE;
  const panelBytes = panelByteLength(dtype, cols);
  const ofRow = { values: new Int8Array(cols), scales: new Float32Array(nGroups) };
  const start = (row: number): number => Math.floor(row / PANEL_ROWS) * panelBytes;
  return {
    values(row) {
      const from = start(row) + panelScalesByteLength(cols) + (row % PANEL_ROWS) * QUAD;
      if (dtype === 'Q8') readQ8(ofRow.values, panels, from);
      else readQ4(ofRow.values, panels, from, matrix.codebook);
      return ofRow.values;
    },
    scales(row) {
      for (let group = 0; group < nGroups; group++) {
        const at = start(row) + 2 * (group * PANEL_ROWS + (row % PANEL_ROWS));
        ofRow.scales[group] = halfToFloat[panels[at]! | (panels[at + 1]! << 8)]!;
      }
      return ofRow.scales;
    },
  };
}

function readQ8(values: Int8Array, panels: Uint8Array, from: number): void {
  for (let column = 0; column < values.length; column++) {
    values[column] = panels[from + (column >> 2) * QUAD_STRIDE + (column % QUAD)]!;
  }
}

function readQ4(values: Int8Array, panels: Uint8Array, from: number, codebook: Int8Array): void {
  const half = PANEL_GROUP_SIZE / 2;
  for (let group = 0, at = from; group < values.length; group += PANEL_GROUP_SIZE) {
    for (let column = group; column < group + half; column += QUAD, at += QUAD_STRIDE) {
      for (let i = 0; i < QUAD; i++) {
        const pair = panels[at + i]!;
        values[column + i] = codebook[pair & 15]!;
        values[column + half + i] = codebook[pair >> 4]!;
      }
    }
  }
}
