// One vector for many hidden states: their mean, or the last of them, of length 1. docs/arithmetic.md, rule 10.

import { ToolkitError } from '@llama-ts/base';
import { dot16 } from '@llama-ts/kernels';

/** How hidden states become one vector: the mean over all tokens, or the state of the last token. */
export const poolings = ['mean', 'last'] as const;

/** One of {@link poolings}. */
export type Pooling = (typeof poolings)[number];

/** Takes the hidden states of one text, token after token. */
export interface Pooler {
  /** @param states after the final norm, (rows, dim), from row `first`, `n` rows */
  add(states: Float32Array, first: number, n: number): void;
  /** The vector, (dim). @throws ToolkitError `NON_FINITE` */
  result(): Float32Array;
}

export function createPooler(pooling: Pooling, dim: number): Pooler {
  const pooled = new Float32Array(dim);
  let nTokens = 0;
  return {
    add(states, first, n) {
      if (pooling === 'last') pooled.set(states.subarray((first + n - 1) * dim, (first + n) * dim));
      else {
        // Tokens in ascending order, whatever the passes were: each sum is rounded to float32 as it is stored.
        for (let offset = first * dim; offset < (first + n) * dim; offset += dim) {
          for (let i = 0; i < dim; i++) pooled[i] = pooled[i]! + states[offset + i]!;
        }
      }
      nTokens += n;
    },
    result: () => normalized(pooling === 'last' ? pooled : pooled.map((sum) => sum / nTokens)),
  };
}

/** A vector of zeros stays one. */
function normalized(vector: Float32Array): Float32Array {
  const length = Math.fround(Math.sqrt(dot16(vector, 0, vector, 0, vector.length)));
  if (!Number.isFinite(length)) {
    throw new ToolkitError('NON_FINITE', 'an embedding is not finite, expected weights that give numbers');
  }
  return length === 0 ? vector : vector.map((value) => value / length);
}
