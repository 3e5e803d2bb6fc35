// Looks for values that no writer stores: NaN, infinities, scales below 0 in v2, int8 −128.

import { isInPanels, type WeightEncoding } from '@llama-ts/format';
import type { StoredBlock } from './tensor-blocks.js';

const MIN_VALUE = -127;

/** A value that no writer stores, in words, and its place in the block. */
export interface BadValue {
  readonly index: number;
  readonly what: string;
}

/** The first bad value of a block; null for none. */
export function findBadValue({ floats, values, scales }: StoredBlock, encoding: WeightEncoding): BadValue | null {
  if (floats !== null) {
    const index = findNonFinite(floats);
    return index === null ? null : { index, what: `${floats[index]}, expected a finite number` };
  }
  // Scales of v3 have either sign, as those of GGUF have.
  const isSigned = isInPanels(encoding);
  for (let group = 0; group < scales.length; group++) {
    const scale = scales[group]!;
    if (isSigned ? Number.isFinite(scale) : scale >= 0 && scale < Infinity) continue;
    return {
      index: encoding.isQuantized ? group * encoding.groupSize : group,
      what: `in a group of scale ${scale}, expected a finite number${isSigned ? '' : ' from 0'}`,
    };
  }
  for (let index = 0; index < values.length; index++) {
    if (values[index]! < MIN_VALUE) return { index, what: `${values[index]}, expected -127 to 127` };
  }
  return null;
}

function findNonFinite(values: Float32Array): number | null {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i]!)) return i;
  return null;
}
