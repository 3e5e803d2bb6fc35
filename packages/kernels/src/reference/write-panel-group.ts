// Writes the groups of a matrix in panels, one at a time.
import type { PanelMatrix } from '../kernels.js';
import { PANEL_GROUP_SIZE, PANEL_ROWS, panelByteLength, panelScalesByteLength } from '../panels.js';

/**
 * Writes one group of 32 columns of a row. The bytes of its 4-bit values must be zero before: two columns share each.
 *
 * @param scale float16 bits
 * @param values (32) int8 values, or indices into the codebook
 */
export function writePanelGroup(
  { dtype, cols, panels }: PanelMatrix,
  row: number,
  group: number,
  scale: number,
  values: ArrayLike<number>,
): void {
  const panel = Math.floor(row / PANEL_ROWS) * panelByteLength(dtype, cols);
  const lane = row % PANEL_ROWS;
  const at = panel + 2 * (group * PANEL_ROWS + lane);
  panels[at] = scale & 255;
  panels[at + 1] = scale >> 8;
  const bytes = (PANEL_ROWS * PANEL_GROUP_SIZE) / (dtype === 'Q4' ? 2 : 1);
  const start = panel + panelScalesByteLength(cols) + group * bytes;
  for (let column = 0; column < PANEL_GROUP_SIZE; column++) {
    const value = values[column]!;
    const half = dtype === 'Q4' ? PANEL_GROUP_SIZE / 2 : PANEL_GROUP_SIZE;
    const inHalf = column % half;
    const byte = start + (inHalf >> 2) * 4 * PANEL_ROWS + lane * 4 + (inHalf & 3);
    if (dtype === 'Q8') panels[byte] = value;
    else panels[byte] = panels[byte]! | (column < half ? value : value << 4);
  }
}
