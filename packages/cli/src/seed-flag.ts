// The seed of the random numbers, a 64-bit number that 0 leaves to the clock.

import { ToolkitError } from '@llama-ts/format';

const MAX_SEED = 2n ** 64n - 1n;

/** A parser for a flag's `parse`. */
export async function seed(text: string): Promise<bigint> {
  const value = /^\d{1,20}$/.test(text) ? BigInt(text) : null;
  if (value !== null && value <= MAX_SEED) return value;
  throw new ToolkitError('USAGE', `--seed ${JSON.stringify(text)}: expected a whole number from 0 to ${MAX_SEED}`);
}

/** The seed asked for; without one, or for 0 as in the C programs, one from the clock. */
export function chooseSeed(asked: bigint | undefined, now: number): bigint {
  return asked === undefined || asked === 0n ? BigInt(now) : asked;
}
