// The largest of many values in descending order, sorted no further than is asked for.
//
// Bits of positive float32 order as integers and lie about evenly where logits do, so one distribution over as many
// buckets as there are values leaves a few in each. Only buckets that are reached are sorted.

/** Values in descending order. Valid until the next call of its {@link DescendingOrder}. */
export interface DescendingOrder {
  /** Takes (n) values from 0 of which those from `cutoff` and above 0 count; how many do. */
  load(values: Float32Array, cutoff: number): number;
  /** (n); as many as `extend` says are in place. */
  readonly values: Float32Array;
  /** Sorts some more, at least one; returns how many are in place. Only while some are not. */
  extend(): number;
}

/** Ranges up to this long are sorted by insertion. */
const SHORT = 24;
/** Bits of the smallest value above 0. */
const SMALLEST_BITS = 1;
/** More buckets than fit into a second-level cache cost more than they save. */
const MAX_BUCKETS = 1 << 16;

/** Room for up to `capacity` values, kept from one use to the next. */
export function createDescendingOrder(capacity: number): DescendingOrder {
  const values = new Float32Array(capacity);
  const ordered = new Int32Array(values.buffer);
  const scratch = new Int32Array(capacity);
  // (buckets + 1) where each begins; the last entry is where all end
  const starts = new Int32Array(MAX_BUCKETS + 1);
  let bucket = 0;

  return {
    values,
    load(source, cutoff) {
      const bits = new Int32Array(source.buffer, source.byteOffset, source.length);
      const lowest = Math.max(bitsOf(cutoff), SMALLEST_BITS);
      let count = 0;
      let least = 0x7fffffff;
      let most = 0;
      for (let i = 0; i < bits.length; i++) {
        const key = bits[i]!;
        if (key < lowest) continue;
        scratch[count++] = key;
        if (key < least) least = key;
        if (key > most) most = key;
      }
      bucket = 0;
      if (count > 0) distribute(scratch, ordered, 0, count, least, most, starts);
      return count;
    },
    extend() {
      // The last bucket holds the least value, so the search ends.
      while (starts[bucket + 1] === starts[bucket]) bucket++;
      sortRange(ordered, scratch, starts[bucket]!, starts[bucket + 1]!);
      return starts[++bucket]!;
    },
  };
}

/** Sorts keys[start..end) in descending order; scratch has the same room. */
function sortRange(keys: Int32Array, scratch: Int32Array, start: number, end: number): void {
  if (end - start <= SHORT) {
    insertionSort(keys, start, end);
    return;
  }
  let least = keys[start]!;
  let most = least;
  for (let i = start + 1; i < end; i++) {
    const key = keys[i]!;
    if (key < least) least = key;
    if (key > most) most = key;
  }
  if (least === most) return;
  scratch.set(keys.subarray(start, end), start);
  const starts = new Int32Array(bucketsFor(end - start) + 1);
  const nBuckets = distribute(scratch, keys, start, end, least, most, starts);
  for (let b = 0; b < nBuckets; b++) sortRange(keys, scratch, starts[b]!, starts[b + 1]!);
}

/** Moves source[start..end) to the same range of target, bucket by bucket of falling keys. Returns how many buckets. */
function distribute(
  source: Int32Array,
  target: Int32Array,
  start: number,
  end: number,
  least: number,
  most: number,
  starts: Int32Array,
): number {
  const wanted = bucketsFor(end - start);
  let shift = 0;
  while ((most - least) >>> shift >= wanted) shift++;
  const nBuckets = ((most - least) >>> shift) + 1;
  // Counted one place further on, so that after the sums starts[b] is where bucket b begins…
  starts.fill(0, 0, nBuckets + 1);
  for (let i = start; i < end; i++) starts[((most - source[i]!) >>> shift) + 1]!++;
  starts[0] = start;
  for (let b = 0; b < nBuckets; b++) starts[b + 1]! += starts[b]!;
  // …and after the moves where it ends, which is where the next begins.
  for (let i = start; i < end; i++) {
    const key = source[i]!;
    target[starts[(most - key) >>> shift]!++] = key;
  }
  starts.copyWithin(1, 0, nBuckets);
  starts[0] = start;
  return nBuckets;
}

/** A power of two of about as many buckets as values. */
function bucketsFor(n: number): number {
  return Math.min(2 ** (31 - Math.clz32(n)), MAX_BUCKETS);
}

function insertionSort(keys: Int32Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const key = keys[i]!;
    let j = i - 1;
    while (j >= start && keys[j]! < key) {
      keys[j + 1] = keys[j]!;
      j--;
    }
    keys[j + 1] = key;
  }
}

function bitsOf(value: number): number {
  return new Int32Array(Float32Array.of(value).buffer)[0]!;
}
