// Rows of a matrix by index.
import type { Matrix } from '../kernels.js';
import { scaleAt } from './group-maxima.js';

/** out (n, cols) = rows `tokens` of the table, dequantized. */
export function embed(out: Float32Array, table: Matrix, tokens: Int32Array): void {
  const { cols } = table;
  if (table.dtype === 'F32') {
    gather(out, table.values, tokens, cols);
    return;
  }
  const { values, scales, groupSize } = table;
  for (let i = 0; i < tokens.length; i++) {
    const from = tokens[i]! * cols;
    for (let col = 0; col < cols; col++) {
      out[i * cols + col] = values[from + col]! * scaleAt(scales, Math.floor((from + col) / groupSize));
    }
  }
}

/** out (n, cols) = rows `rows` of x (anything, cols). */
export function gather(out: Float32Array, x: Float32Array, rows: Int32Array, cols: number): void {
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * cols;
    for (let col = 0; col < cols; col++) out[i * cols + col] = x[from + col]!;
  }
}
