// Finds the largest of many probabilities, up to a number of them or up to a mass.
//
// Nothing is sorted but the few values between which the answer lies. Bits of positive float32 order as integers, and the
// upper ones divide the values into levels: one pass over all values sums up the mass of each level, which tells the
// level where a run of the largest ends; a second pass gathers that level, and it alone is sorted.
//
// Masses are multiples of 2^-52 with sums below 2, so that sums in float64 are exact and have no order.

import { radixSortDescending } from './radix-sort.js';

/** The largest values: all above `value`, and the first `nEqual` by index of those that equal it. */
export interface Run {
  readonly value: number;
  readonly nEqual: number;
  /** Sum of their masses, exact. */
  readonly mass: number;
}

/** Runs of (n) probabilities. */
export interface RankedMass {
  load(probabilities: Float32Array): void;
  readonly largest: number;
  /** All values. */
  all(): Run;
  /** The shortest run with more than `mass`; all where none has. */
  past(mass: number): Run;
  /** The `count` largest values whose mass is above 0. */
  first(count: number): Run;
  /** All that are at least `value`, above 0. */
  from(value: number): Run;
}

/** 256 levels to a factor of 2: few enough for the cache, enough that few values share one. */
const LEVEL_SHIFT = 15;
/** Levels cover values up to 2, which is above any probability. */
const LEVELS = 2 ** (30 - LEVEL_SHIFT);

/** A probability rounded to a multiple of 2^-52, ties to even; from 2^-29 on it is one. */
export function massOf(probability: number): number {
  return 1 + probability - 1;
}

/** The shorter of two runs of the same values. */
export function shorter(a: Run, b: Run): Run {
  const isShorter = a.value === b.value ? a.nEqual < b.nEqual : a.value > b.value;
  return isShorter ? a : b;
}

/** Buffers for `n` values, kept between uses. */
export function createRankedMass(n: number): RankedMass {
  // (LEVELS) mass of each level
  const masses = new Float64Array(LEVELS);
  // (LEVELS) values of each level
  const counts = new Int32Array(LEVELS);
  const scratch = new Int32Array(n);
  const sorted = new Int32Array(n);
  const sortedValues = new Float32Array(sorted.buffer);
  let keys: Int32Array = new Int32Array(0); // bits of the values
  let highest = 0; // level

  return {
    get largest() {
      return sortLevel(highest) === 0 ? 0 : sortedValues[0]!;
    },
    load(values) {
      keys = new Int32Array(values.buffer, values.byteOffset, values.length);
      sumUpLevels(values, keys, masses);
      highest = LEVELS - 1;
      while (highest > 0 && masses[highest] === 0) highest--;
    },
    all() {
      let mass = 0;
      for (let level = 0; level <= highest; level++) mass += masses[level]!;
      return { value: 0, nEqual: Number.POSITIVE_INFINITY, mass };
    },
    past(mass) {
      let above = 0;
      let level = highest;
      while (level > 0 && above + masses[level]! <= mass) above += masses[level--]!;
      return endWithin(level, above, (sum) => sum > mass);
    },
    first(count) {
      countLevels(keys, counts);
      let nAbove = 0;
      let above = 0;
      let level = highest;
      while (level > 0 && nAbove + counts[level]! < count) {
        nAbove += counts[level]!;
        above += masses[level--]!;
      }
      return endWithin(level, above, (_, index) => nAbove + index + 1 >= count);
    },
    from(value) {
      const key = bitsOf(value);
      const end = key >>> LEVEL_SHIFT;
      let mass = 0;
      for (let level = highest; level > end; level--) mass += masses[level]!;
      let nEqual = 0;
      for (let i = 0, nSorted = sortLevel(end); i < nSorted && sorted[i]! >= key; i++) {
        mass += massOf(sortedValues[i]!);
        if (sorted[i] === key) nEqual++;
      }
      return { value, nEqual, mass };
    },
  };

  /** The run that ends in a level, with the first value for which `isEnd` holds, else with the last. */
  function endWithin(level: number, above: number, isEnd: (sum: number, index: number) => boolean): Run {
    const nSorted = sortLevel(level);
    let mass = above;
    let nEqual = 0;
    let i = 0;
    for (; i < nSorted; i++) {
      nEqual = i > 0 && sorted[i] === sorted[i - 1] ? nEqual + 1 : 1;
      mass += massOf(sortedValues[i]!);
      if (isEnd(mass, i)) break;
    }
    return { value: nSorted === 0 ? 0 : sortedValues[Math.min(i, nSorted - 1)]!, nEqual, mass };
  }

  /** Sorts the values of a level in descending order. Returns their number. */
  function sortLevel(level: number): number {
    const nGathered = gather(keys, level, scratch);
    const least = level << LEVEL_SHIFT;
    radixSortDescending({ keys: scratch, n: nGathered, least, greatest: least + 2 ** LEVEL_SHIFT - 1 }, sorted, 0);
    return nGathered;
  }
}

/** Fills (LEVELS) masses. */
function sumUpLevels(values: Float32Array, keys: Int32Array, masses: Float64Array): void {
  masses.fill(0);
  for (let i = 0; i < keys.length; i++) masses[keys[i]! >>> LEVEL_SHIFT]! += massOf(values[i]!);
}

/** Fills (LEVELS) counts. */
function countLevels(keys: Int32Array, counts: Int32Array): void {
  counts.fill(0);
  for (let i = 0; i < keys.length; i++) counts[keys[i]! >>> LEVEL_SHIFT]!++;
}

/** Copies the keys of a level, in their order; returns how many there are. */
function gather(keys: Int32Array, level: number, target: Int32Array): number {
  let n = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (key >>> LEVEL_SHIFT === level) target[n++] = key;
  }
  return n;
}

const float = new Float32Array(1);
const integer = new Int32Array(float.buffer);

function bitsOf(value: number): number {
  float[0] = value;
  return integer[0]!;
}
