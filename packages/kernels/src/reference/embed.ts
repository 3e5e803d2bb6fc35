// Rows by index: of the embedding table, dequantized, and of a batch.
import type { Matrix } from '../kernels.js';
import { groupSizeOf } from '../weight-encodings.js';
import { rowReader } from './weight-rows.js';

/** out (n, cols) = rows `tokens` of the table, dequantized. */
export function embed(out: Float32Array, table: Matrix, tokens: Int32Array): void {
  const { cols } = table;
  if (table.dtype === 'F32') {
    gather(out, table.values, tokens, cols);
    return;
  }
  const groupSize = groupSizeOf(table);
  const rows = rowReader(table);
  for (let i = 0; i < tokens.length; i++) {
    const values = rows.values(tokens[i]!);
    const scales = rows.scales(tokens[i]!);
    for (let col = 0; col < cols; col++) out[i * cols + col] = values[col]! * scales[Math.floor(col / groupSize)]!;
  }
}

/** out (n, cols) = rows `rows` of x (anything, cols). */
export function gather(out: Float32Array, x: Float32Array, rows: Int32Array, cols: number): void {
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * cols;
    for (let col = 0; col < cols; col++) out[i * cols + col] = x[from + col]!;
  }
}
