// docs/sampling.md once more, as plainly as it can be written: lists of objects, whole sorts, no kept state.

import type { SamplerOptions } from '@llama-ts/runtime';

interface Candidate {
  readonly id: number;
  readonly p: number;
}

const f = Math.fround;
/** Probabilities are summed up in whole numbers of 2^-52. */
const UNITS = 2 ** 52;

/** softmax(logits / temperature) in float32 with a float64 sum. */
export function plainSoftmax(logits: Float32Array, temperature: number): Float32Array {
  const scaled = Array.from(logits, (logit) => f(logit / f(temperature)));
  const max = Math.max(...scaled);
  const powers = scaled.map((x) => Math.exp(x - max));
  const sum = powers.reduce((a, b) => a + b, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/** Logits after biases and penalties for the tokens so far. */
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
  if (topK > 0) kept = kept.slice(0, topK);
  if (hasTopP) kept = untilPast(kept, topK > 0 ? timesUnits(total(kept), f(topP)) : inUnits(f(topP)));
  kept = kept.filter(({ p }) => p >= f(f(minP) * largest.p));
  if (typicalP < 1) kept = untilPast(mostTypicalFirst(kept), timesUnits(total(kept), typicalP));
  return untilPast(kept, timesUnits(total(kept), coin)).at(-1)!.id;
}

function mostTypicalFirst(kept: Candidate[]): Candidate[] {
  const mass = Number(total(kept)) / UNITS;
  const surprise = (p: number): number => Math.log(mass) - Math.log(p);
  const entropy = kept.reduce((sum, { p }) => sum + (p / mass) * surprise(p), 0);
  const distance = ({ p }: Candidate): number => Math.round(Math.abs(surprise(p) - entropy) * 2 ** 30);
  return kept
    .map((candidate) => ({ ...candidate, distance: distance(candidate) }))
    .sort((a, b) => a.distance - b.distance || b.p - a.p || a.id - b.id);
}

/** The shortest beginning whose sum is above `mass`, else all. */
function untilPast(kept: Candidate[], mass: bigint): Candidate[] {
  let sum = 0n;
  const end = kept.findIndex(({ p }) => {
    sum += inUnits(p);
    return sum > mass;
  });
  return end < 0 ? kept : kept.slice(0, end + 1);
}

function total(kept: Candidate[]): bigint {
  return kept.reduce((sum, { p }) => sum + inUnits(p), 0n);
}

/** A float32 as a whole number of 2^-52, ties to even. */
function inUnits(p: number): bigint {
  const units = p * UNITS;
  const whole = BigInt(Math.floor(units));
  const rest = units - Math.floor(units);
  return rest > 0.5 || (rest === 0.5 && whole % 2n === 1n) ? whole + 1n : whole;
}

/** A share of a sum, rounded down: what is above it is above the share as well. The share is a float64 below 1. */
function timesUnits(sum: bigint, share: number): bigint {
  return BigInt(Math.floor(Number(sum) * share));
}

function runningSums(kept: Candidate[]): number[] {
  let sum = 0;
  return kept.map(({ p }) => {
    sum = f(sum + p);
    return sum;
  });
}
