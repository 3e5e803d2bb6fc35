// A seed for each answer of a conversation, so that answers differ and the conversation can be reproduced.

import { checkKind } from '../options/check-options.js';
import { aSeed, count } from '../options/option-kinds.js';

const MASK_64 = 0xffffffffffffffffn;
const GOLDEN_GAMMA = 0x9e3779b97f4a7c15n;

/**
 * Seed of answer number `n`, from 0. The first answer has the conversation's seed, so that it equals what `generate`
 * gives; later ones have numbers of splitmix64.
 *
 * @throws ToolkitError `INVALID_OPTION`
 * @see Steele, Lea and Flood, Fast splittable pseudorandom number generators, 2014
 */
export function answerSeed(seed: bigint, n: number): bigint {
  checkKind('n', n ?? null, count);
  const first = checkedSeed(seed);
  if (n === 0) return first;
  let z = (first + BigInt(n) * GOLDEN_GAMMA) & MASK_64;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
  z ^= z >> 31n;
  // The random stream cannot start from 0.
  return z === 0n ? GOLDEN_GAMMA : z;
}

/** @throws ToolkitError `INVALID_OPTION` */
export function checkedSeed(seed: bigint | number): bigint {
  checkKind('seed', seed ?? null, aSeed);
  return BigInt(seed);
}
