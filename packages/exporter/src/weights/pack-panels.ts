// Puts rows of values and scales into panels of sixteen rows, as v3 stores them.

import { PANEL_GROUP_SIZE, PANEL_ROWS, type PanelEncoding, panelBytes, panelScaleBytes } from '@llama-ts/format';
import { float16Bits } from '@llama-ts/gguf';
import type { QuantizedRows } from './weight-codec.js';

/** Columns of a row that lie together. */
const QUAD = 4;
const QUAD_BYTES = PANEL_ROWS * QUAD;
const HALF_GROUP = PANEL_GROUP_SIZE / 2;

/**
 * Fills panels.
 *
 * @param rows (nRows, columns), in 4 bits entries of the codebook, and (nRows, columns / 32) scales that are float16 numbers
 * @param into ceil(nRows / 16) whole panels
 */
export function packPanels(
  encoding: PanelEncoding,
  columns: number,
  { values, scales }: QuantizedRows,
  into: Uint8Array,
): void {
  into.fill(0);
  const nRows = values.length / columns;
  const nGroups = columns / PANEL_GROUP_SIZE;
  const panelLength = panelBytes(encoding, columns);
  const valuesStart = panelScaleBytes(columns);
  const indices = encoding.id === 'Q4' ? indicesOf(encoding.codebook) : null;
  const groupBytes = (PANEL_GROUP_SIZE * PANEL_ROWS) / (indices === null ? 1 : 2);
  for (let row = 0; row < nRows; row++) {
    const panel = Math.floor(row / PANEL_ROWS) * panelLength;
    const lane = row % PANEL_ROWS;
    for (let group = 0; group < nGroups; group++) {
      const scale = float16Bits(scales[row * nGroups + group]!);
      const scaleAt = panel + 2 * (group * PANEL_ROWS + lane);
      into[scaleAt] = scale;
      into[scaleAt + 1] = scale >>> 8;
      const from = row * columns + group * PANEL_GROUP_SIZE;
      const to = panel + valuesStart + group * groupBytes + lane * QUAD;
      if (indices === null) packBytes(values, from, into, to);
      else packNibbles(values, from, indices, into, to);
    }
  }
}

function packBytes(values: Int8Array, from: number, into: Uint8Array, to: number): void {
  for (let column = 0; column < PANEL_GROUP_SIZE; column++) {
    into[to + (column >> 2) * QUAD_BYTES + (column & 3)] = values[from + column]!;
  }
}

/** The low nibble is a column of the first half of the group, the high one 16 columns further. */
function packNibbles(values: Int8Array, from: number, indices: Uint8Array, into: Uint8Array, to: number): void {
  for (let column = 0; column < HALF_GROUP; column++) {
    const low = indices[values[from + column]! & 255]!;
    const high = indices[values[from + HALF_GROUP + column]! & 255]!;
    into[to + (column >> 2) * QUAD_BYTES + (column & 3)] = low | (high << 4);
  }
}

/** (256) the index of each entry, by its byte. */
function indicesOf(codebook: readonly number[]): Uint8Array {
  const indices = new Uint8Array(256);
  codebook.forEach((entry, index) => {
    indices[entry & 255] = index;
  });
  return indices;
}
