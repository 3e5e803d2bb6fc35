// The largest of many values in descending order, sorted no further than is asked for.
//
// Bits of positive float32 order as integers. One pass counts the values by the upper bits of theirs, which tells how
// far down those that are asked for reach; a second one gathers these, and only they are sorted. The loops over all
// values have no branches that depend on them: half of a vocabulary above a cutoff is what no processor predicts.

import { radixSortDescending } from './radix-sort.js';

/** Values in descending order. Valid until the next call of its {@link DescendingOrder}. */
export interface DescendingOrder {
  /** Takes (n) values from 0 of which those from `cutoff` and above 0 count. */
  load(values: Float32Array, cutoff: number): void;
  /** (n); as many as `extend` says are in place. */
  readonly values: Float32Array;
  /**
   * Sorts some more: at least one while there are any, and until there are `most` more or they sum up to `mass`, about.
   * Returns how many are in place.
   */
  extend(most: number, mass: number): number;
}

/** 256 levels to a factor of 2: few enough for the fastest cache, enough that little is sorted in vain. */
const LEVEL_SHIFT = 15;
const LEVELS = 2 ** (31 - LEVEL_SHIFT);
/** Bits of the smallest value above 0. */
const SMALLEST_BITS = 1;

/** Room for up to `capacity` values, kept from one use to the next. */
export function createDescendingOrder(capacity: number): DescendingOrder {
  // One more than is used: gathering writes before it knows whether the value counts.
  const values = new Float32Array(capacity + 1);
  const ordered = new Int32Array(values.buffer);
  const scratch = new Int32Array(capacity + 1);
  // (LEVELS) values of each level
  const counts = new Int32Array(LEVELS);
  let source: Int32Array = new Int32Array(0);
  let lowest = SMALLEST_BITS;
  let nOrdered = 0;
  // Levels from this one on are in place.
  let level = 0;

  return {
    values,
    load(loaded, cutoff) {
      source = new Int32Array(loaded.buffer, loaded.byteOffset, loaded.length);
      lowest = Math.max(bitsOf(cutoff), SMALLEST_BITS);
      nOrdered = 0;
      level = countLevels(source, counts) + 1;
    },
    extend(most, mass) {
      const greatest = level * 2 ** LEVEL_SHIFT - 1;
      const lowestLevel = lowest >>> LEVEL_SHIFT;
      let n = 0;
      for (let sum = 0; level > lowestLevel && (n === 0 || (n < most && sum < mass)); ) {
        const count = counts[--level]!;
        n += count;
        sum += count * floatOf(level << LEVEL_SHIFT);
      }
      const least = Math.max(level << LEVEL_SHIFT, lowest);
      n = gather(source, least, greatest, scratch);
      radixSortDescending({ keys: scratch, n, least, greatest }, ordered, nOrdered);
      nOrdered += n;
      return nOrdered;
    },
  };
}

/** Counts keys by level; returns the highest level of all. */
function countLevels(keys: Int32Array, counts: Int32Array): number {
  counts.fill(0);
  let greatest = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    if (key > greatest) greatest = key;
    counts[key >>> LEVEL_SHIFT]!++;
  }
  return greatest >>> LEVEL_SHIFT;
}

/** Copies the keys from `least` to `greatest`, in their order; returns how many there are. */
function gather(keys: Int32Array, least: number, greatest: number, target: Int32Array): number {
  let n = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    target[n] = key;
    n += 1 - (((key - least) | (greatest - key)) >>> 31);
  }
  return n;
}

const float = new Float32Array(1);
const integer = new Int32Array(float.buffer);

function bitsOf(value: number): number {
  float[0] = value;
  return integer[0]!;
}

function floatOf(bits: number): number {
  integer[0] = bits;
  return float[0]!;
}
