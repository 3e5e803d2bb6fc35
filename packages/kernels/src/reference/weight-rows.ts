// The rows of a quantized matrix, as the reference reads them: one reader per encoding.
import type { PanelMatrix, Q8Matrix } from '../kernels.js';
import { scaleOfMaximum } from './group-maxima.js';
import { panelRows, type RowReader } from './panel-rows.js';

/** Any matrix whose weights are multiplied with quantized activations. */
export type QuantizedMatrix = Q8Matrix | PanelMatrix;

/** The reader of a matrix's encoding. */
export function rowReader(matrix: QuantizedMatrix): RowReader {
  switch (matrix.dtype) {
    case 'Q8_0':
      return q8Reader(matrix);
    case 'Q8':
    case 'Q4':
      return panelRows(matrix);
  }
}

function q8Reader({ cols, groupSize, values, scales }: Q8Matrix): RowReader {
  const nGroups = cols / groupSize;
  return {
    values: (row) => values.subarray(row * cols, (row + 1) * cols),
    scales: (row) => {
      const ofRow = scales.subarray(row * nGroups, (row + 1) * nGroups);
      return ofRow instanceof Float32Array ? ofRow : Float32Array.from(ofRow, scaleOfMaximum);
    },
  };
}
