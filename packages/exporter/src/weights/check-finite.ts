// Refuses weights that no export would write.

import { type BinTensor, ToolkitError } from '@llama-ts/format';

/**
 * @param firstRow of the tensor, the first one of `weights`
 * @throws ToolkitError `BAD_WEIGHTS` for NaN or an infinity
 */
export function checkFinite(tensor: BinTensor, weights: Float32Array, firstRow: number, name: string): void {
  for (let i = 0; i < weights.length; i++) {
    if (Number.isFinite(weights[i]!)) continue;
    const columns = tensor.shape.at(-1)!;
    const row = firstRow + Math.floor(i / columns);
    throw new ToolkitError(
      'BAD_WEIGHTS',
      `${name}: ${tensor.name} is ${weights[i]} at row ${row}, column ${i % columns}, expected a finite number`,
      { suggestions: ['download the weights again; where they are the same, the model itself is damaged'] },
    );
  }
}
