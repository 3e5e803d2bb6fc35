// Matrix times vector, in float32 and with quantized weights.
import type { Float32Matrix, Matrix, Q8Matrix } from '../kernels.js';
import { scaleAt } from './group-maxima.js';
import { quantizeRange } from './quantize.js';
import { dot16 } from './sum16.js';

/** outputs[i] (n, rows) = x · weights[i]ᵀ; x (n, cols). Returns whether every output is finite. */
export function linear(outputs: readonly Float32Array[], weights: readonly Matrix[], x: Float32Array): boolean {
  const first = weights[0]!;
  if (first.dtype === 'F32') {
    weights.forEach((weight, i) => {
      float32Linear(outputs[i]!, weight as Float32Matrix, x);
    });
  } else {
    q8Linear(outputs, weights as readonly Q8Matrix[], x);
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

function q8Linear(outputs: readonly Float32Array[], weights: readonly Q8Matrix[], x: Float32Array): void {
  const { cols, groupSize } = weights[0]!;
  const xq = new Int8Array(cols);
  const xs = new Float32Array(cols / groupSize);
  for (let token = 0; token < x.length / cols; token++) {
    quantizeRange(xq, xs, x, token * cols, cols, groupSize);
    for (let i = 0; i < weights.length; i++) q8MatrixVector(outputs[i]!, token * weights[i]!.rows, weights[i]!, xq, xs);
  }
}

function q8MatrixVector(out: Float32Array, outOffset: number, weight: Q8Matrix, xq: Int8Array, xs: Float32Array): void {
  const f = Math.fround;
  const { rows, cols, groupSize, values, scales } = weight;
  const nGroups = cols / groupSize;
  for (let row = 0; row < rows; row++) {
    let acc = 0;
    for (let group = 0; group < nGroups; group++) {
      const start = group * groupSize;
      const wStart = row * cols + start;
      let isum = 0;
      for (let i = 0; i < groupSize; i++) isum = (isum + Math.imul(values[wStart + i]!, xq[start + i]!)) | 0;
      acc = f(acc + f(isum * f(scaleAt(scales, row * nGroups + group) * xs[group]!)));
    }
    out[outOffset + row] = acc;
  }
}

function allFinite(x: Float32Array): boolean {
  for (let i = 0; i < x.length; i++) if (!Number.isFinite(x[i]!)) return false;
  return true;
}
