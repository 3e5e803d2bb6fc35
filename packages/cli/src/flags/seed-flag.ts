// The seed of the random numbers, a 64-bit number that 0 leaves to the clock.

import { ToolkitError } from '@llama-ts/base';
import { wholeNumberOf } from './number-flags.js';

const MAX_SEED = 2n ** 64n - 1n;

/** A parser for a flag's `parse`. */
export async function seed(text: string): Promise<bigint> {
  const value = wholeNumberOf(text);
  if (value !== null && value <= MAX_SEED) return value;
  throw new ToolkitError('USAGE', `--seed ${JSON.stringify(text)}: expected a whole number from 0 to ${MAX_SEED}`, {
    // llama.cpp's -1 leaves the seed to the clock, as 0 does here.
    suggestions: text === '-1' ? ['--seed 0'] : [],
  });
}

/** The seed asked for; without one, or for 0 as in the C programs, one from the clock. */
export function chooseSeed(asked: bigint | undefined, now: number): bigint {
  return asked === undefined || asked === 0n ? BigInt(now) : asked;
}
