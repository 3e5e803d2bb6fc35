// How the weights of one tensor are stored: the only place that knows how many bytes values and scales take.

/** float32 values, row-major. */
export interface Float32Encoding {
  readonly id: 'F32';
  readonly isQuantized: false;
}

/** v2: all int8 values, row-major, then one float32 scale per group; weight = value * scale of its group. */
export interface Q8RowsEncoding {
  readonly id: 'Q8_0';
  readonly isQuantized: true;
  /** Consecutive weights of a row that share a scale. */
  readonly groupSize: number;
}

/** v3: int8 values and float16 scales in panels of 16 rows; weight = value * scale of its group. */
export interface Q8Encoding {
  readonly id: 'Q8';
  readonly isQuantized: true;
  readonly groupSize: typeof PANEL_GROUP_SIZE;
}

/** v3: 4-bit indices and float16 scales in panels of 16 rows; weight = codebook[index] * scale of its group. */
export interface Q4Encoding {
  readonly id: 'Q4';
  readonly isQuantized: true;
  readonly groupSize: typeof PANEL_GROUP_SIZE;
  /** 16 whole numbers from -127 to 127, in any order. */
  readonly codebook: readonly number[];
}

/** Encodings in panels of 16 rows: those of v3. */
export type PanelEncoding = Q8Encoding | Q4Encoding;

/** How the weights of a tensor are stored. */
export type WeightEncoding = Float32Encoding | Q8RowsEncoding | PanelEncoding;

/** Names of the encodings, as headers, results and messages have them. */
export type EncodingId = WeightEncoding['id'];

/** Rows of a panel. */
export const PANEL_ROWS = 16;

/** Consecutive weights of a row that share a scale in v3. */
export const PANEL_GROUP_SIZE = 32;

/** Entries of a codebook. */
export const CODEBOOK_LENGTH = 16;

/** Largest magnitude of a value and of an entry of a codebook. */
export const MAX_VALUE = 127;

/** Scales and values of a panel start at multiples of it. */
const LINE_BYTES = 64;
const HALF_BYTES = 2;

/** The one encoding that is not quantized: that of v0 and v1, and of the vectors of every version. */
export const float32Encoding: Float32Encoding = { id: 'F32', isQuantized: false };

/** The one encoding of 8 bits in v3. */
export const q8Encoding: Q8Encoding = { id: 'Q8', isQuantized: true, groupSize: PANEL_GROUP_SIZE };

/** @param codebook 16 whole numbers from -127 to 127 */
export function q4Encoding(codebook: ArrayLike<number>): Q4Encoding {
  return { id: 'Q4', isQuantized: true, groupSize: PANEL_GROUP_SIZE, codebook: Array.from(codebook) };
}

/** @param groupSize consecutive weights of a row that share a scale */
export function q8RowsEncoding(groupSize: number): Q8RowsEncoding {
  return { id: 'Q8_0', isQuantized: true, groupSize };
}

/** The encoding of the matrices of v0 to v2; vectors are float32 always. @param groupSize of the file's header */
export function matrixEncoding(groupSize: number | null): Float32Encoding | Q8RowsEncoding {
  return groupSize === null ? float32Encoding : q8RowsEncoding(groupSize);
}

/** Whether rows lie in panels, scales and values together. */
export function isInPanels(encoding: WeightEncoding): encoding is PanelEncoding {
  return encoding.id === 'Q8' || encoding.id === 'Q4';
}

/** Bytes of `rows` rows of `columns` weights without separate scales: float32 or int8 values, or whole panels. */
export function valueBytes(encoding: WeightEncoding, rows: number, columns: number): number {
  switch (encoding.id) {
    case 'F32':
      return 4 * rows * columns;
    case 'Q8_0':
      return rows * columns;
    case 'Q8':
    case 'Q4':
      return Math.ceil(rows / PANEL_ROWS) * panelBytes(encoding, columns);
  }
}

/** Bytes of a panel: its scales, padded to a multiple of 64, then its values. @param columns a multiple of 32 */
export function panelBytes({ id }: PanelEncoding, columns: number): number {
  const valuesOfPanel = (columns * PANEL_ROWS) / (id === 'Q4' ? 2 : 1);
  return panelScaleBytes(columns) + valuesOfPanel;
}

/** Bytes of the scales of a panel, up to its values. @param columns a multiple of 32 */
export function panelScaleBytes(columns: number): number {
  const scales = (columns / PANEL_GROUP_SIZE) * PANEL_ROWS * HALF_BYTES;
  return Math.ceil(scales / LINE_BYTES) * LINE_BYTES;
}

/** Separate scales of `n` weights, which are whole groups; 0 without scales, or with scales in panels. */
export function scaleCount(encoding: WeightEncoding, n: number): number {
  return encoding.id === 'Q8_0' ? n / encoding.groupSize : 0;
}

/** Bytes of the separate scales of `n` weights, which are whole groups. */
export function scaleBytes(encoding: WeightEncoding, n: number): number {
  return 4 * scaleCount(encoding, n);
}

/** Whether two tensors are stored alike: the same bytes are the same weights. */
export function isSameEncoding(a: WeightEncoding, b: WeightEncoding): boolean {
  if (a.id !== b.id) return false;
  if (a.id === 'Q4' && b.id === 'Q4') return a.codebook.every((entry, i) => entry === b.codebook[i]);
  return !a.isQuantized || !b.isQuantized || a.groupSize === b.groupSize;
}
