// The gated activation of the feed-forward layer, and the residual sum.
import { exp } from './exp.js';

/** gate = silu(gate) * up. */
export function swiGlu(gate: Float32Array, up: Float32Array): void {
  const f = Math.fround;
  for (let i = 0; i < gate.length; i++) {
    const x = gate[i]!;
    gate[i] = f(x / f(1 + exp(-x))) * up[i]!;
  }
}

/** x = x + y. */
export function add(x: Float32Array, y: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = x[i]! + y[i]!;
}
