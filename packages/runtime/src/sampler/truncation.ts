// Truncated sampling: top-k, top-p, min-p and typical-p, in this order. docs/sampling.md has the formulas.
//
// After each step a run of the largest probabilities is left. The token is looked up once, at the end.

import { createRankedMass, type Run, shorter } from './ranked-mass.js';
import { argmax } from './select.js';
import { createTypical } from './typical.js';

/** Options that limit which tokens are sampled from. */
export interface TruncationOptions {
  /** The most probable tokens; 0 for all. */
  readonly topK: number;
  /** Keeps tokens until their sum passes it; 0 and 1 keep all. */
  readonly topP: number;
  /** Keeps tokens with at least this share of the largest probability; 0 keeps all. */
  readonly minP: number;
  /** Keeps the tokens whose surprise is nearest to its expected value until their sum passes it; 1 keeps all. */
  readonly typicalP: number;
}

/** Chooses an index of (vocabSize) probabilities by a coin in [0, 1). */
export type Truncation = (probabilities: Float32Array, coin: number) => number;

/** Buffers for one vocabulary are kept between calls. */
export function createTruncation({ topK, topP, minP, typicalP }: TruncationOptions, vocabSize: number): Truncation {
  const f = Math.fround;
  const ranked = createRankedMass(vocabSize);
  const hasTopP = topP > 0 && topP < 1;
  const typical = typicalP < 1 ? createTypical(typicalP, vocabSize) : null;

  return (probabilities, coin) => {
    ranked.load(probabilities);
    const kept = keep();
    if (kept.mass === 0) return argmax(probabilities);
    if (typical !== null) return typical(probabilities, kept, coin);
    const { value, nEqual } = ranked.past(coin * kept.mass);
    return indexOfEqual(probabilities, value, nEqual);
  };

  function keep(): Run {
    let kept = topK > 0 ? ranked.first(topK) : hasTopP ? ranked.past(f(topP)) : ranked.all();
    if (topK > 0 && hasTopP) kept = shorter(ranked.past(f(topP) * kept.mass), kept);
    if (minP > 0) kept = shorter(ranked.from(f(f(minP) * ranked.largest)), kept);
    return kept;
  }
}

/** The index of the n-th of those that equal a value. */
function indexOfEqual(values: Float32Array, value: number, n: number): number {
  let index = values.indexOf(value);
  for (let i = 1; i < n; i++) index = values.indexOf(value, index + 1);
  return index;
}
