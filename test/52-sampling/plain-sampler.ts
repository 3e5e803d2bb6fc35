// docs/sampling.md once more, as plainly as it can be written: lists of objects, whole sorts, no kept state.

import type { SamplerOptions } from '@llama-ts/runtime';

interface Candidate {
  readonly id: number;
  readonly p: number;
}

const f = Math.fround;

/** softmax(logits / temperature) in float32 with a float64 sum. */
export function plainSoftmax(logits: Float32Array, temperature: number): Float32Array {
  const scaled = Array.from(logits, (logit) => f(logit / f(temperature)));
  const max = Math.max(...scaled);
  const powers = scaled.map((x) => Math.exp(x - max));
  const sum = powers.reduce((a, b) => a + b, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/** Logits after biases and penalties for the tokens said so far. */
export function plainAdjust(logits: Float32Array, options: SamplerOptions, said: readonly number[]): Float32Array {
  const { repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0, penaltyWindow = -1 } = options;
  const window = penaltyWindow < 0 ? said : said.slice(Math.max(0, said.length - penaltyWindow));
  return logits.map((raw, id) => {
    const bias = options.logitBias?.get(id);
    const biased = bias === undefined ? raw : f(raw + bias);
    const count = window.filter((token) => token === id).length;
    if (count === 0) return biased;
    const repeated = biased > 0 ? f(biased / f(repetitionPenalty)) : f(biased * f(repetitionPenalty));
    return f(f(repeated - f(count * f(frequencyPenalty))) - f(presencePenalty));
  });
}

/** The token that a coin in [0, 1) chooses. */
export function plainChoose(probabilities: Float32Array, options: SamplerOptions, coin: number): number {
  const { topK = 0, topP, minP = 0, typicalP = 1 } = options;
  const hasTopP = topP > 0 && topP < 1;
  const all = Array.from(probabilities, (p, id) => ({ id, p })).filter(({ p }) => p > 0);
  if (topK === 0 && !hasTopP && minP === 0 && typicalP === 1) {
    return all.at(runningSums(all).findIndex((sum) => coin < sum))!.id;
  }
  let kept = all.sort((a, b) => b.p - a.p || a.id - b.id);
  const largest = kept[0]!;
  if (topK > 0) {
    kept = kept.slice(0, topK);
    if (hasTopP) kept = untilPast(kept, f(f(topP) * total(kept)));
  } else if (hasTopP) {
    const cutoff = f(f(1 - f(topP)) / (probabilities.length - 1));
    kept = untilPast(
      kept.filter(({ p }) => p >= cutoff),
      f(topP),
    );
    if (kept.length === 0) return largest.id;
  }
  kept = kept.filter(({ p }) => p >= f(f(minP) * largest.p));
  return typicalP < 1 ? chooseTypical(kept, typicalP, coin) : draw(kept, coin);
}

/** In float64, without float32 sums. */
function chooseTypical(kept: Candidate[], typicalP: number, coin: number): number {
  const mass = total(kept);
  const surprise = (p: number): number => Math.log(mass) - Math.log(p);
  const entropy = kept.reduce((sum, { p }) => sum + (p / mass) * surprise(p), 0);
  const distance = ({ p }: Candidate): number => Math.round(Math.abs(surprise(p) - entropy) * 2 ** 30);
  const sorted = kept
    .map((candidate, rank) => ({ ...candidate, rank, distance: distance(candidate) }))
    .sort((a, b) => a.distance - b.distance || a.rank - b.rank);
  let sum = 0;
  const sums: number[] = [];
  for (const { p } of sorted) {
    if (sum > typicalP) break;
    sum += p / mass;
    sums.push(sum);
  }
  const at = sums.findIndex((partial) => coin * sum < partial);
  return sorted[at < 0 ? sums.length - 1 : at]!.id;
}

function untilPast(kept: Candidate[], mass: number): Candidate[] {
  const end = runningSums(kept).findIndex((sum) => sum > mass);
  return end < 0 ? kept : kept.slice(0, end + 1);
}

function draw(kept: Candidate[], coin: number): number {
  const target = f(coin * total(kept));
  const at = runningSums(kept).findIndex((sum) => target < sum);
  return kept.at(at)!.id;
}

function total(kept: Candidate[]): number {
  return runningSums(kept).at(-1) ?? 0;
}

function runningSums(kept: Candidate[]): number[] {
  let sum = 0;
  return kept.map(({ p }) => {
    sum = f(sum + p);
    return sum;
  });
}
