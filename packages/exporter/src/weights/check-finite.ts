// Refuses weights that no export would write.

import { ToolkitError } from '@llama-ts/base';
import type { BinTensor } from '@llama-ts/format';

/**
 * @param firstRow of the tensor, the first one of `weights`
 * @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity
 */
export function checkFinite(tensor: BinTensor, weights: Float32Array, firstRow: number, name: string): void {
  for (let i = 0; i < weights.length; i++) {
    if (!Number.isFinite(weights[i]!)) throw notFinite(tensor, weights, firstRow, name);
  }
}

/** The error of weights that kernels found not to be finite: it names the first of them. */
export function notFinite(tensor: BinTensor, weights: Float32Array, firstRow: number, name: string): ToolkitError {
  const i = weights.findIndex((weight) => !Number.isFinite(weight));
  const columns = tensor.shape.at(-1)!;
  const at = `row ${firstRow + Math.floor(i / columns)}, column ${i % columns}`;
  const message = `${name}: ${tensor.name} is ${weights[i]} at ${at}, expected a finite number`;
  return new ToolkitError('BAD_WEIGHTS', message, {
    suggestions: ['replace the source by a good copy, then run the same command again'],
  });
}
