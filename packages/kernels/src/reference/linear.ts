// Matrix times vector, for float32 weights and for quantized ones.
import type { Float32Matrix, Matrix } from '../kernels.js';
import { groupSizeOf } from '../weight-encodings.js';
import { quantizeRange } from './quantize.js';
import { dot16 } from './sum16.js';
import { type QuantizedMatrix, rowReader } from './weight-rows.js';

/** outputs[i] (n, rows) = x · weights[i]ᵀ; x (n, cols). Returns whether every output is finite. */
export function linear(outputs: readonly Float32Array[], weights: readonly Matrix[], x: Float32Array): boolean {
  if (weights[0]!.dtype === 'F32') {
    weights.forEach((weight, i) => {
      float32Linear(outputs[i]!, weight as Float32Matrix, x);
    });
  } else {
    quantizedLinear(outputs, weights as readonly QuantizedMatrix[], x);
  }
  return outputs.every(allFinite);
}

function float32Linear(out: Float32Array, { rows, cols, values }: Float32Matrix, x: Float32Array): void {
  for (let token = 0; token < x.length / cols; token++) {
    for (let row = 0; row < rows; row++) {
      out[token * rows + row] = dot16(values, row * cols, x, token * cols, cols);
    }
  }
}

function quantizedLinear(outputs: readonly Float32Array[], weights: readonly QuantizedMatrix[], x: Float32Array): void {
  const { cols } = weights[0]!;
  const groupSize = groupSizeOf(weights[0]!);
  const xq = new Int8Array(cols);
  const xs = new Float32Array(cols / groupSize);
  for (let token = 0; token < x.length / cols; token++) {
    quantizeRange(xq, xs, x, token * cols, cols, groupSize);
    weights.forEach((weight, i) => {
      quantizedMatrixVector(outputs[i]!, token * weight.rows, weight, xq, xs);
    });
  }
}

function quantizedMatrixVector(
  out: Float32Array,
  outOffset: number,
  matrix: QuantizedMatrix,
  xq: Int8Array,
  xs: Float32Array,
): void {
  const f = Math.fround;
  const groupSize = groupSizeOf(matrix);
  const reader = rowReader(matrix);
  for (let row = 0; row < matrix.rows; row++) {
    const values = reader.values(row);
    const scales = reader.scales(row);
    let acc = 0;
    for (let group = 0; group < scales.length; group++) {
      const start = group * groupSize;
      let isum = 0;
      for (let i = start; i < start + groupSize; i++) isum = (isum + Math.imul(values[i]!, xq[i]!)) | 0;
      acc = f(acc + f(isum * f(scales[group]! * xs[group]!)));
    }
    out[outOffset + row] = acc;
  }
}

function allFinite(x: Float32Array): boolean {
  for (let i = 0; i < x.length; i++) if (!Number.isFinite(x[i]!)) return false;
  return true;
}
