// The sums that a tensor's error figures are computed from, in float64, block by block.

import type { TensorErrors, WorstGroup } from './verify-result.js';

const bitsToFloat = new Float32Array(1);
const floatBits = new Uint32Array(bitsToFloat.buffer);

/** Sums over the values so far. */
export interface ErrorSums {
  /** Values seen. */
  n: number;
  nGroups: number;
  nGroupsBeyond: number;
  maxError: number;
  /** Σ error² */
  errors: number;
  /** Σ weight² */
  weights: number;
  /** Σ stored² */
  stored: number;
  /** Σ weight · stored */
  products: number;
  /** Index of the group with the largest error, its error and its scale. */
  worst: { readonly group: number; readonly maxError: number; readonly scale: number } | null;
}

export function emptySums(): ErrorSums {
  return {
    n: 0,
    nGroups: 0,
    nGroupsBeyond: 0,
    maxError: 0,
    errors: 0,
    weights: 0,
    stored: 0,
    products: 0,
    worst: null,
  };
}

/** The groups of a block. */
export interface BlockGroups {
  /** (n / groupSize) */
  readonly scales: Float32Array;
  readonly groupSize: number;
  /** Distance of neighbouring values, in scales; the widest of a codebook. */
  readonly step: number;
}

/**
 * Adds the next values of a tensor.
 *
 * @param weights (n) of the source
 * @param stored (n) as the forward pass reads them
 * @param groups null in float32, where no group is counted
 */
export function addBlock(
  sums: ErrorSums,
  weights: Float32Array,
  stored: Float32Array,
  groups: BlockGroups | null,
): void {
  const length = groups === null ? weights.length : groups.groupSize;
  for (let start = 0; start < weights.length; start += length) {
    const scale = groups === null ? 0 : groups.scales[start / length]!;
    const halfStep = groups === null ? 0 : (Math.abs(scale) * groups.step) / 2;
    // Sums of a group first: a running total over 10^8 values would lose digits.
    let errors = 0;
    let squares = 0;
    let storedSquares = 0;
    let products = 0;
    let maxError = 0;
    let isBeyond = false;
    for (let i = start; i < start + length; i++) {
      const weight = weights[i]!;
      const value = stored[i]!;
      const error = Math.abs(weight - value);
      errors += error * error;
      squares += weight * weight;
      storedSquares += value * value;
      products += weight * value;
      if (error > maxError) maxError = error;
      if (error > halfStep && error > halfStep + unitInLastPlace(weight)) isBeyond = true;
    }
    sums.errors += errors;
    sums.weights += squares;
    sums.stored += storedSquares;
    sums.products += products;
    sums.maxError = Math.max(sums.maxError, maxError);
    if (groups === null) continue;
    if (isBeyond) sums.nGroupsBeyond++;
    if (sums.worst === null || maxError > sums.worst.maxError) sums.worst = { group: sums.nGroups, maxError, scale };
    sums.nGroups++;
  }
  sums.n += weights.length;
}

/** Adds the sums of another tensor. */
export function addSums(total: ErrorSums, sums: ErrorSums): void {
  total.n += sums.n;
  total.nGroups += sums.nGroups;
  total.nGroupsBeyond += sums.nGroupsBeyond;
  total.maxError = Math.max(total.maxError, sums.maxError);
  total.errors += sums.errors;
  total.weights += sums.weights;
  total.stored += sums.stored;
  total.products += sums.products;
}

/** The figures that follow. */
export function figuresOf(sums: ErrorSums): Omit<TensorErrors, 'worstGroup'> {
  const norms = Math.sqrt(sums.weights) * Math.sqrt(sums.stored);
  return {
    maxError: sums.maxError,
    rmse: Math.sqrt(sums.errors / sums.n),
    snr: sums.errors === 0 ? Infinity : 10 * Math.log10(sums.weights / sums.errors),
    // Two vectors of zeros point the same way; one alone has no direction.
    cosine: sums.errors === 0 ? 1 : norms === 0 ? 0 : sums.products / norms,
    beyond: sums.nGroups === 0 ? 0 : sums.nGroupsBeyond / sums.nGroups,
  };
}

/** The group with the largest error, and its place in the tensor. */
export function worstGroup({ worst }: ErrorSums, groupSize: number, columns: number): WorstGroup | null {
  if (worst === null) return null;
  const start = worst.group * groupSize;
  return { ...worst, row: Math.floor(start / columns), column: start % columns };
}

/** Distance from a float32 to the next one away from zero. */
function unitInLastPlace(value: number): number {
  bitsToFloat[0] = Math.abs(value);
  const magnitude = bitsToFloat[0]!;
  floatBits[0] = floatBits[0]! + 1;
  return bitsToFloat[0]! - magnitude;
}
