// Panels of a .bin file as the kernels take them.

import type { PanelEncoding } from '@llama-ts/format';
import type { PanelMatrix } from '@llama-ts/kernels';

/** @param panels ceil(rows / 16) whole panels */
export function panelMatrix(encoding: PanelEncoding, rows: number, cols: number, panels: Uint8Array): PanelMatrix {
  if (encoding.id === 'Q8') return { dtype: 'Q8', rows, cols, panels };
  return { dtype: 'Q4', rows, cols, panels, codebook: Int8Array.from(encoding.codebook) };
}
