// Weights in panels of sixteen rows as literal code, written independently of the package: the place of each byte.

import type { PanelMatrix } from '@llama-ts/kernels';
import { type Groups, halfValue } from './literal.js';
import { seededRandom } from './random.js';

const GROUP = 32;
const ROWS = 16;

/** Weights before they lie in panels. */
export interface PanelWeights {
  readonly dtype: 'Q8' | 'Q4';
  readonly rows: number;
  readonly cols: number;
  /** (rows, cols): int8 values (Q8), or indices into the codebook (Q4) */
  readonly stored: readonly number[];
  /** (rows, cols / 32): half-precision bits */
  readonly scales: readonly number[];
  /** (16) */
  readonly codebook: readonly number[];
}

/** IQ4_NL's published values. */
export const UNEVEN_CODEBOOK = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const;

/** Weights of every value, with scales of either sign near 2^-4; `halfOf` may make others of any 16 bits. */
export function anyPanels(
  dtype: PanelWeights['dtype'],
  rows: number,
  cols: number,
  codebook: readonly number[] = UNEVEN_CODEBOOK,
  halfOf = (bits: number) => (bits & 0x8fff) | 0x2000,
): PanelWeights {
  const next = seededRandom(rows * cols);
  const any = (below: number) => Math.floor(next() * below);
  const list = (length: number, one: () => number) => Array.from({ length }, one);
  return {
    ...{ dtype, rows, cols, codebook },
    stored: list(rows * cols, () => (dtype === 'Q8' ? any(255) - 127 : any(16))),
    scales: list((rows * cols) / GROUP, () => halfOf(any(65536))),
  };
}

/**
 * A matrix of these weights. `place` copies arrays to where kernels may read them.
 *
 * @param filler of bytes that belong to no row. Kernels must ignore them: as a half 0xffff is NaN
 */
export function inPanels(weights: PanelWeights, place: (bytes: Uint8Array) => Uint8Array, filler = 0xff): PanelMatrix {
  const { dtype, rows, cols, codebook } = weights;
  const panels = place(panelBytes(weights, filler));
  const matrix = { rows, cols, panels };
  return dtype === 'Q8' ? { dtype, ...matrix } : { dtype, ...matrix, codebook: Int8Array.from(codebook) };
}

function panelBytes({ dtype, rows, cols, stored, scales }: PanelWeights, filler: number): Uint8Array {
  const groups = cols / GROUP;
  const scaleBytes = Math.ceil((groups * ROWS * 2) / 64) * 64;
  const groupBytes = dtype === 'Q8' ? 512 : 256;
  const panelLength = scaleBytes + groups * groupBytes;
  const bytes = new Uint8Array(Math.ceil(rows / ROWS) * panelLength).fill(filler);
  for (let row = 0; row < rows; row++) {
    const panel = Math.floor(row / ROWS) * panelLength;
    const lane = row % ROWS;
    for (let g = 0; g < groups; g++) {
      const half = scales[row * groups + g]!;
      bytes[panel + 2 * (g * ROWS + lane)] = half % 256;
      bytes[panel + 2 * (g * ROWS + lane) + 1] = Math.floor(half / 256);
      const values = panel + scaleBytes + g * groupBytes;
      for (let c = 0; c < GROUP; c++) {
        const value = stored[row * cols + g * GROUP + c]!;
        if (dtype === 'Q8') bytes[values + Math.floor(c / 4) * 64 + lane * 4 + (c % 4)] = value;
        else {
          const at = values + Math.floor((c % 16) / 4) * 64 + lane * 4 + (c % 4);
          bytes[at] = c < 16 ? value : bytes[at]! + 16 * value;
        }
      }
    }
  }
  return bytes;
}

/** The int8 value and the float32 scale of each weight and group. */
export function groupsOf({ dtype, stored, scales, codebook }: PanelWeights): Groups {
  const values = dtype === 'Q8' ? [...stored] : stored.map((index) => codebook[index]!);
  return { values, scales: scales.map(halfValue) };
}
