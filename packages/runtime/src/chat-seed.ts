// A seed for each answer of a conversation, so that answers differ and the whole can be had again.

import { ToolkitError } from '@llama-ts/format';

const MASK_64 = 0xffffffffffffffffn;
const GOLDEN_GAMMA = 0x9e3779b97f4a7c15n;

/**
 * Seed of answer number `n`, from 0: of the first the conversation's own, so that it is what `generate` says; of the
 * others splitmix64's numbers.
 *
 * @see Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014
 */
export function answerSeed(seed: bigint, n: number): bigint {
  if (n === 0) return seed;
  let z = (seed + BigInt(n) * GOLDEN_GAMMA) & MASK_64;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
  z ^= z >> 31n;
  // The random stream cannot start from 0.
  return z === 0n ? GOLDEN_GAMMA : z;
}

/** @throws ToolkitError `INVALID_OPTION` */
export function checkedSeed(seed: bigint | number): bigint {
  if ((typeof seed === 'bigint' || Number.isSafeInteger(seed)) && seed >= 1 && seed <= MASK_64) return BigInt(seed);
  throw new ToolkitError('INVALID_OPTION', `seed ${seed}, expected a whole number from 1 to ${MASK_64}`);
}
