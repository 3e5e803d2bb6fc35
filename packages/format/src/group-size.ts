// Which group size a model is quantized with: the reference's back-off, and refusals where the reference goes wrong.

import { ToolkitError } from '@llama-ts/base';
import { MAX_GROUP_SIZE } from './limits.js';
import type { ModelDimensions } from './model-config.js';

/** The reference exporter's default. */
export const DEFAULT_GROUP_SIZE = 64;

/**
 * The group size to quantize with. Without a request it starts at 64 and halves until it divides `dim`; a requested
 * size is used unchanged or refused.
 *
 * @throws ToolkitError `BAD_GROUP_SIZE` when it does not divide both `dim` and `hiddenDim`
 */
export function chooseGroupSize({ dim, hiddenDim }: ModelDimensions, requested?: number): number {
  let groupSize = requested ?? DEFAULT_GROUP_SIZE;
  if (!Number.isInteger(groupSize) || groupSize < 1 || groupSize > MAX_GROUP_SIZE) {
    throw new ToolkitError(
      'BAD_GROUP_SIZE',
      `group size ${groupSize}, expected a whole number from 1 to ${MAX_GROUP_SIZE}`,
    );
  }
  if (requested === undefined) while (dim % groupSize !== 0) groupSize /= 2;
  if (dim % groupSize === 0 && hiddenDim % groupSize === 0) return groupSize;
  const divisor = largestDivisor(dim, hiddenDim);
  throw new ToolkitError(
    'BAD_GROUP_SIZE',
    `group size ${groupSize}, expected a divisor of dim ${dim} and hidden_dim ${hiddenDim}`,
    { suggestions: [`take one that divides both: --group-size ${divisor}`] },
  );
}

function largestDivisor(dim: number, hiddenDim: number): number {
  for (let n = Math.min(dim, hiddenDim, DEFAULT_GROUP_SIZE); n > 1; n--)
    if (dim % n === 0 && hiddenDim % n === 0) return n;
  return 1;
}
