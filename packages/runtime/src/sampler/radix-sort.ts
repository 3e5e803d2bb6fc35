// Sorts many integers of a known range in descending order, in time that depends on little but how many there are.

/** Integers to sort. */
export interface RadixInput {
  /** (n or more), overwritten */
  readonly keys: Int32Array;
  readonly n: number;
  /** All keys are from `least` to `greatest`, which are from 0. */
  readonly least: number;
  readonly greatest: number;
}

/** Arrays up to this length are sorted by insertion. */
const SHORT = 32;
/** The counts of a digit fit into the fastest cache. */
const MAX_DIGIT_BITS = 13;

const starts = new Int32Array(2 ** MAX_DIGIT_BITS + 1);

/** Puts keys[0..n) in descending order at `offset` of target. */
export function radixSortDescending(input: RadixInput, target: Int32Array, offset: number): void {
  const { keys, n, least, greatest } = input;
  const place = target.subarray(offset, offset + n);
  if (n <= SHORT) {
    place.set(keys.subarray(0, n));
    insertionSort(place);
    return;
  }
  const width = 32 - Math.clz32(greatest - least);
  const digitBits = Math.ceil(width / Math.ceil(width / MAX_DIGIT_BITS));
  let from = keys.subarray(0, n);
  let to = place;
  for (let shift = 0; shift < width; shift += digitBits) {
    sortByDigit(from, to, greatest, shift, 2 ** digitBits - 1);
    [from, to] = [to, from];
  }
  if (from !== place) place.set(from);
}

/** Moves keys in the order of a digit of their distance from the greatest; equal digits stay in their order. */
function sortByDigit(from: Int32Array, to: Int32Array, greatest: number, shift: number, mask: number): void {
  const n = from.length;
  // Counted one place further on, so that the sums are where each digit begins.
  starts.fill(0, 0, mask + 2);
  for (let i = 0; i < n; i++) starts[(((greatest - from[i]!) >>> shift) & mask) + 1]!++;
  for (let digit = 0; digit < mask; digit++) starts[digit + 1]! += starts[digit]!;
  for (let i = 0; i < n; i++) {
    const key = from[i]!;
    to[starts[((greatest - key) >>> shift) & mask]!++] = key;
  }
}

function insertionSort(keys: Int32Array): void {
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i]!;
    let j = i - 1;
    while (j >= 0 && keys[j]! < key) {
      keys[j + 1] = keys[j]!;
      j--;
    }
    keys[j + 1] = key;
  }
}
