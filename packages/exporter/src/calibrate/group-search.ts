// Chooses scale and indices of 32 weights of a row, each index for the weight and the errors of the columns after it.

import { CODEBOOK_LENGTH, MAX_VALUE, PANEL_GROUP_SIZE } from '@llama-ts/format';
import { floatToHalf, halfToFloat } from '@llama-ts/kernels';

/** Candidates put the largest weight at an end of the codebook times (127 + STEP t) / 127, for t in this order. */
const STEPS = [0, -1, 1, -2, 2, -3, 3, -4, 4, -5, 5];
const STEP = 4;
/** A group without a weight of this size is stored as zeros: half of the smallest scale. */
const SMALLEST = 2 ** -25;

/** Columns of a group as all rows share them. */
export interface GroupColumns {
  /** (32, 32): entry (c, i) is L's of row i and column c of the group, for i > c */
  readonly feedback: Float64Array;
  /** (32) */
  readonly pivots: Float64Array;
}

/** The choice for a group; valid until the next search. */
export interface GroupChoice {
  /** float16 bits */
  scale: number;
  /** (32) */
  readonly indices: Uint8Array;
  /** (32), weight − stored weight, rounded to float32 */
  readonly errors: Float32Array;
}

/** Searches one group of a row. */
export type GroupSearch = (wanted: Float64Array, weights: Float32Array, columns: GroupColumns) => GroupChoice;

/**
 * The search for a codebook, 16 entries in ascending order.
 *
 * @returns a function of the weights with the errors of later groups fed back, (32), and of the weights themselves, (32)
 * @see docs/arithmetic.md, rule 16
 */
export function groupSearch(codebook: readonly number[]): GroupSearch {
  const entries = Float64Array.from(codebook);
  const thresholds = Float64Array.from(
    { length: CODEBOOK_LENGTH - 1 },
    (_, k) => (codebook[k]! + codebook[k + 1]!) / 2,
  );
  const places = STEPS.flatMap((t) => [codebook[0]!, codebook[CODEBOOK_LENGTH - 1]!].map((end) => placeOf(end, t)));
  const indices = new Uint8Array(PANEL_GROUP_SIZE);
  const errors = new Float32Array(PANEL_GROUP_SIZE);
  const choice = { scale: 0, indices: new Uint8Array(PANEL_GROUP_SIZE), errors: new Float32Array(PANEL_GROUP_SIZE) };

  /** Fills indices and errors; the loss, or infinity once it is not below `limit`. */
  const choose = (
    scale: number,
    wanted: Float64Array,
    weights: Float32Array,
    { feedback, pivots }: GroupColumns,
    limit: number,
  ): number => {
    const inverse = scale === 0 ? 0 : 1 / scale;
    let loss = 0;
    for (let c = PANEL_GROUP_SIZE - 1; c >= 0; c--) {
      let x = wanted[c]!;
      const row = c * PANEL_GROUP_SIZE;
      for (let i = c + 1; i < PANEL_GROUP_SIZE; i++) x += errors[i]! * feedback[row + i]!;
      const place = x * inverse;
      let index = 0;
      for (let step = 8; step > 0; step >>= 1) if (place > thresholds[index + step - 1]!) index += step;
      const stored = entries[index]! * scale;
      indices[c] = index;
      errors[c] = weights[c]! - stored;
      const rest = x - stored;
      loss += pivots[c]! * (rest * rest);
      if (!(loss < limit)) return Infinity;
    }
    return loss;
  };
  const keep = (scale: number): void => {
    choice.scale = scale;
    choice.indices.set(indices);
    choice.errors.set(errors);
  };
  return (wanted, weights, columns) => {
    const largest = largestOf(wanted);
    if (Math.abs(largest) < SMALLEST) {
      choose(0, wanted, weights, columns, Infinity);
      keep(0);
      return choice;
    }
    let best = Infinity;
    for (const place of places) {
      if (place === 0) continue;
      const scale = floatToHalf(Math.fround(largest / place));
      const loss = choose(halfToFloat[scale]!, wanted, weights, columns, best);
      if (loss === Infinity) continue;
      best = loss;
      keep(scale);
    }
    return choice;
  };
}

function placeOf(end: number, t: number): number {
  return Math.fround((end * (MAX_VALUE + STEP * t)) / MAX_VALUE);
}

/** The first of the largest magnitude. */
function largestOf(wanted: Float64Array): number {
  let largest = wanted[0]!;
  for (let i = 1; i < wanted.length; i++) if (Math.abs(wanted[i]!) > Math.abs(largest)) largest = wanted[i]!;
  return largest;
}
