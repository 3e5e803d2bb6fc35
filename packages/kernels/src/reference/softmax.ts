// Softmax: of attention scores, and of logits with a temperature.
import { exp } from './exp.js';
import { sum16 } from './sum16.js';

/** Replaces `n` elements of x from `offset` by exp(x - max) / sum16. Returns whether the result is finite. */
export function softmaxInPlace(x: Float32Array, offset: number, n: number): boolean {
  const f = Math.fround;
  let max = x[offset]!;
  for (let i = 1; i < n; i++) if (x[offset + i]! > max) max = x[offset + i]!;
  for (let i = 0; i < n; i++) x[offset + i] = exp(f(x[offset + i]! - max));
  const sum = sum16(x, offset, n);
  for (let i = 0; i < n; i++) x[offset + i] = x[offset + i]! / sum;
  return Number.isFinite(sum);
}

/** out (n, cols) = softmax(logits / temperature), row by row. Returns whether the result is finite. */
export function softmax(out: Float32Array, logits: Float32Array, cols: number, temperature: number): boolean {
  const t = Math.fround(temperature);
  for (let i = 0; i < out.length; i++) out[i] = logits[i]! / t;
  let finite = true;
  for (let offset = 0; offset < out.length; offset += cols) {
    if (!softmaxInPlace(out, offset, cols)) finite = false;
  }
  return finite;
}
