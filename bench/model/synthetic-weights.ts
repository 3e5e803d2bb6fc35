// Weights of a plausible size at the speed of a disk: one pool of random values, of which each tensor shows a window.

import { encodeBf16 } from '@llama-ts/gguf';

/** Values in the pool: a prime, so that no two rows of any tensor in use begin at the same place of it. */
const POOL_VALUES = 1_000_003;
/** Standard deviation of the weights, config.json's usual initializer_range. */
const STANDARD_DEVIATION = 0.02;
/** Norm weights are 1 plus a value of the pool this many times over. */
const NORM_SPREAD = 5;

const BYTES_PER_VALUE = 2;

/** Deterministic bfloat16 tensors. */
export interface SyntheticWeights {
  /** `length` values of a matrix, as little-endian bytes in parts; `index` tells tensors apart. */
  matrix(index: number, length: number): Generator<Uint8Array>;
  /** `length` values of a norm, as little-endian bytes. */
  norm(index: number, length: number): Uint8Array;
}

/** Makes the pool from a seed. */
export function syntheticWeights(seed: number): SyntheticWeights {
  const random = mulberry32(seed);
  const values = Float32Array.from({ length: POOL_VALUES }, () => STANDARD_DEVIATION * nearlyNormal(random));
  const pool = encodeBf16(values);
  const startOf = (index: number) => (index * 618_033) % POOL_VALUES;
  return {
    *matrix(index, length) {
      let start = startOf(index);
      for (let left = length; left > 0; ) {
        const count = Math.min(left, POOL_VALUES - start);
        yield pool.subarray(start * BYTES_PER_VALUE, (start + count) * BYTES_PER_VALUE);
        left -= count;
        start = 0;
      }
    },
    norm(index, length) {
      const start = startOf(index);
      const norm = (_: unknown, i: number) => 1 + NORM_SPREAD * values[(start + i) % POOL_VALUES]!;
      return encodeBf16(Float32Array.from({ length }, norm));
    },
  };
}

/** A sum of four uniform values, scaled to a variance of 1: bounded, and made of exact operations only. */
function nearlyNormal(random: () => number): number {
  return Math.sqrt(3) * (random() + random() + random() + random() - 2);
}

/** @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
