// Typical-p: the tokens whose surprise is nearest to the surprise that is expected.

import { logarithm } from './logarithm.js';
import { massOf, type Run } from './ranked-mass.js';

/** Chooses an index of (vocabSize) probabilities by a coin in [0, 1), among those of a run. */
export type Typical = (probabilities: Float32Array, kept: Run, coin: number) => number;

/** Distances are compared in steps of 1 / this, so that rounding does not separate tokens of one probability. */
const STEPS = 2 ** 30;
/** A probability times its logarithm is rounded to a multiple of 2^-46, so that sums, below 64, are exact. */
const ROUNDING = 96;
/** Levels of distance, 256 of them to the surprise of a factor of e; above the largest there is, log(2^53). */
const STEPS_PER_LEVEL = STEPS / 256;
const LEVELS = 40 * 256;
/** Stands for the logarithm or distance of a token that is not kept. */
const OUT = Number.POSITIVE_INFINITY;

/**
 * Sampling among the most typical tokens whose sum passes `typicalP`, in float64. Equal distances stand in the order of
 * falling probability, then of the index.
 *
 * As with the largest, nothing is sorted but the tokens of the level of distances in which the answer lies.
 *
 * @see Meister, Pimentel, Wiher, Cotterell, Locally Typical Sampling, 2022
 */
export function createTypical(typicalP: number, vocabSize: number): Typical {
  // (vocabSize) logarithm of each probability, then its distance from what is expected, in steps; OUT if not kept
  const distances = new Float64Array(vocabSize);
  // (LEVELS) mass of each level
  const masses = new Float64Array(LEVELS);

  return (probabilities, kept, coin) => {
    const expected = takeLogarithms(distances, probabilities, kept);
    takeDistances(distances, expected, probabilities, masses);
    const { mass } = nearest(probabilities, typicalP * kept.mass);
    return nearest(probabilities, coin * mass).index;
  };

  /** The shortest run of the nearest with more than `bound`, else all: its last index, and its mass. */
  function nearest(probabilities: Float32Array, bound: number): { readonly index: number; readonly mass: number } {
    let mass = 0;
    let level = 0;
    let last = 0;
    for (; level < LEVELS && mass + masses[level]! <= bound; level++) {
      mass += masses[level]!;
      if (masses[level]! > 0) last = level;
    }
    if (level === LEVELS) {
      level = last;
      mass -= masses[level]!;
    }
    let index = 0;
    for (index of sortLevel(probabilities, level)) {
      mass += massOf(probabilities[index]!);
      if (mass > bound) break;
    }
    return { index, mass };
  }

  function sortLevel(probabilities: Float32Array, level: number): number[] {
    const indices: number[] = [];
    const least = level * STEPS_PER_LEVEL;
    for (let i = 0; i < distances.length; i++) {
      if (distances[i]! >= least && distances[i]! < least + STEPS_PER_LEVEL) indices.push(i);
    }
    return indices.sort((a, b) => distances[a]! - distances[b]! || probabilities[b]! - probabilities[a]! || a - b);
  }
}

/** Fills (vocabSize) logarithms, OUT where nothing is kept; returns the logarithm that is expected. */
function takeLogarithms(logarithms: Float64Array, probabilities: Float32Array, { value, nEqual, mass }: Run): number {
  let sum = 0;
  let equal = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i]!;
    const isKept = p > value || (p === value && equal++ < nEqual);
    if (!isKept || massOf(p) === 0) {
      logarithms[i] = OUT;
      continue;
    }
    logarithms[i] = logarithm(p);
    sum += ROUNDING + massOf(p) * logarithms[i]! - ROUNDING;
  }
  return sum / mass;
}

/** Turns logarithms into distances from what is expected, in steps, and fills (LEVELS) masses. */
function takeDistances(
  values: Float64Array,
  expected: number,
  probabilities: Float32Array,
  masses: Float64Array,
): void {
  masses.fill(0);
  for (let i = 0; i < values.length; i++) {
    if (values[i] === OUT) continue;
    // Math.round and a quotient as an index take ten times as long.
    const distance = Math.floor(Math.abs(values[i]! - expected) * STEPS + 0.5);
    values[i] = distance;
    masses[(distance * (1 / STEPS_PER_LEVEL)) | 0]! += massOf(probabilities[i]!);
  }
}
