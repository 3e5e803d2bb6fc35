// The sampler: logits to a token, by the reference's rules.

import { ToolkitError } from '@llama-ts/format';
import { createRandomStream } from './random.js';
import { argmax, sampleMultinomial, sampleTopP } from './select.js';

/** How tokens are chosen. */
export interface SamplerOptions {
  /** 0 takes the largest logit; above 0 divides the logits. */
  readonly temperature: number;
  /** Sum of probabilities to sample within, 0 to 1; 0 and 1 sample among all, as in the reference. */
  readonly topP: number;
  /** 1 to 2^64 − 1. */
  readonly seed: bigint;
  /** The reference's own softmax: sequential sums, the C library's exp rounded to float32. */
  readonly referenceSampler: boolean;
}

/** Softmax of logits / temperature, both (vocabSize). */
export type Softmax = (logits: Float32Array, temperature: number) => Promise<Float32Array>;

/** Chooses one token after another. */
export interface Sampler {
  /** @param logits (vocabSize) */
  sample(logits: Float32Array): Promise<number>;
}

/**
 * A sampler; `softmax` is the kernels'.
 *
 * @throws ToolkitError `INVALID_OPTION`
 */
export function createSampler(options: SamplerOptions, softmax: Softmax): Sampler {
  checkOptions(options);
  const { temperature, topP, seed, referenceSampler } = options;
  const random = createRandomStream(seed);
  return {
    async sample(logits) {
      if (temperature === 0) return argmax(logits);
      const probabilities = referenceSampler
        ? referenceSoftmax(logits, temperature)
        : await softmax(logits, temperature);
      const coin = random.next();
      return topP <= 0 || topP >= 1 ? sampleMultinomial(probabilities, coin) : sampleTopP(probabilities, topP, coin);
    },
  };
}

/** @see llama2.c, run.c, `softmax` */
function referenceSoftmax(logits: Float32Array, temperature: number): Float32Array {
  const t = Math.fround(temperature);
  const probabilities = logits.map((logit) => logit / t);
  let max = probabilities[0]!;
  for (const value of probabilities) if (value > max) max = value;
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    probabilities[i] = Math.exp(Math.fround(probabilities[i]! - max));
    sum = Math.fround(sum + probabilities[i]!);
  }
  for (let i = 0; i < probabilities.length; i++) probabilities[i]! /= sum;
  return probabilities;
}

function checkOptions({ temperature, topP, seed }: SamplerOptions): void {
  if (!(temperature >= 0 && Number.isFinite(temperature))) {
    throw new ToolkitError('INVALID_OPTION', `temperature ${temperature}, expected a number from 0`);
  }
  if (!(topP >= 0 && topP <= 1)) throw new ToolkitError('INVALID_OPTION', `top-p ${topP}, expected 0 to 1`);
  if (seed < 1n || seed >= 1n << 64n) {
    throw new ToolkitError('INVALID_OPTION', `seed ${seed}, expected 1 to 18446744073709551615`);
  }
}
