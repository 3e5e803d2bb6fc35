// Decode speeds of several models, measured in turns, so that a slow phase of the machine affects all of them alike.

import type { Model } from '@llama-ts/runtime';
import { generationSpeed } from '../bench/measure-speed.js';
import { type Spread, spread } from '../bench/statistics.js';

/** Tokens of one measurement: seconds for a model of 1B parameters. */
const N_TOKENS = 32;
const N_ROUNDS = 3;
/** Positions that a measurement needs: a first token, and one more than are counted. */
export const SPEED_CONTEXT = N_TOKENS + 2;

/** Tokens per second of each, after one round that does not count. The models stop at no token. */
export async function decodeSpeeds(models: readonly Model[], signal: AbortSignal): Promise<Spread[]> {
  const speeds: number[][] = models.map(() => []);
  for (let round = 0; round <= N_ROUNDS; round++) {
    for (const [i, model] of models.entries()) {
      const nTokens = Math.min(N_TOKENS, model.contextLength - 2);
      const speed = await generationSpeed(model, nTokens, 0, signal);
      if (round > 0) speeds[i]!.push(speed);
    }
  }
  return speeds.map(spread);
}
