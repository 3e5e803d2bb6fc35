// Quantized weights that are written as a source stores them, with nothing lost.

import { isSameEncoding, PANEL_GROUP_SIZE, type WeightEncoding } from '@llama-ts/format';

/**
 * Whether a tensor with one encoding holds what a source stores with another: the same values and scales.
 *
 * @param source null for a source of floats
 */
export function isCarried(target: WeightEncoding, source: WeightEncoding | null): boolean {
  if (source === null) return false;
  // Scales of v3 are float16, which the float32 ones of v2 hold too.
  if (target.id === 'Q8_0' && source.id === 'Q8') return target.groupSize === PANEL_GROUP_SIZE;
  return isSameEncoding(target, source);
}
