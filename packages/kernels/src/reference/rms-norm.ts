// Root mean square normalization.
import { dot16 } from './sum16.js';

/** out (n, dim) = weight * (r * x), r = 1 / sqrt(sum16(x * x) / dim + epsilon). */
export function rmsNorm(out: Float32Array, x: Float32Array, weight: Float32Array, epsilon: number): void {
  const f = Math.fround;
  const dim = weight.length;
  const eps = f(epsilon);
  for (let offset = 0; offset < x.length; offset += dim) {
    const mean = f(dot16(x, offset, x, offset, dim) / f(dim));
    const r = f(1 / f(Math.sqrt(f(mean + eps))));
    for (let i = 0; i < dim; i++) out[offset + i] = weight[i]! * f(r * x[offset + i]!);
  }
}
