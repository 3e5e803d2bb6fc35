// xorshift64*, the reference's random numbers: the same seed gives the same numbers.

import { checkedSeed } from '../chat/chat-seed.js';

/** A stream of random numbers. */
export interface RandomStream {
  /** Uniform in [0, 1), a float32 with 24 random bits. */
  next(): number;
}

const MASK_64 = 0xffffffffffffffffn;
const MULTIPLIER = 0x2545f4914f6cdd1dn;

/**
 * Random numbers from a seed of 64 bits, not 0: xorshift stays at 0 forever.
 *
 * @throws ToolkitError `INVALID_OPTION`
 * @see llama2.c, run.c, `random_u32` and `random_f32`
 */
export function createRandomStream(seed: bigint): RandomStream {
  let state = checkedSeed(seed);
  return {
    next() {
      state ^= state >> 12n;
      state ^= (state << 25n) & MASK_64;
      state ^= state >> 27n;
      const random32 = Number(((state * MULTIPLIER) & MASK_64) >> 32n);
      return (random32 >>> 8) / 16777216;
    },
  };
}
