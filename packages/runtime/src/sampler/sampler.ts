// The sampler: logits to a token.

import { ToolkitError } from '@llama-ts/base';
import { checkKind, checkOptions, type TableOf } from '../options/check-options.js';
import { aFunction, ids } from '../options/option-kinds.js';
import { createPenalties, type PenaltyOptions } from './penalties.js';
import { createRandomStream } from './random.js';
import { sampleReferenceTopP } from './reference-top-p.js';
import { samplingDefaults, samplingKinds } from './sampling-settings.js';
import { argmax, sampleMultinomial } from './select.js';
import { createTruncation, type Truncation, type TruncationOptions } from './truncation.js';

/** How tokens are chosen, in the order of docs/sampling.md. */
export interface SamplerOptions extends Partial<PenaltyOptions>, Partial<Omit<TruncationOptions, 'topP'>> {
  /** Logits to add to tokens by id; −∞ bans a token. */
  readonly logitBias?: ReadonlyMap<number, number>;
  /** 0 takes the largest logit; above 0 divides the logits. */
  readonly temperature: number;
  /** Sum of probabilities to sample within, 0 to 1; 0 and 1 sample among all, as in the reference. */
  readonly topP: number;
  /** 1 to 2^64 − 1. */
  readonly seed: bigint;
  /** The reference's own softmax: sequential sums, the C library's exp rounded to float32. */
  readonly referenceSampler: boolean;
}

/** Kinds of {@link SamplerOptions}. */
const samplerOptions: TableOf<SamplerOptions> = {
  ...samplingKinds,
  logitBias: { expected: 'a Map of ids and numbers', accepts: isBiasMap },
};

function isBiasMap(value: unknown): boolean {
  return value instanceof Map && [...value].flat().every((number) => typeof number === 'number');
}

/** Softmax of logits / temperature, both (vocabSize). */
export type Softmax = (logits: Float32Array, temperature: number) => Promise<Float32Array>;

/** Chooses one token after another. */
export interface Sampler {
  /** @param logits (vocabSize), changed in place by biases and penalties; −∞ bans a token */
  sample(logits: Float32Array): Promise<number>;
}

/** Far above any logit, and far from where float32 overflows. */
export const MAX_BIAS = 10_000;
export const MAX_PENALTY = 100;

/** Temperature and top-p have no default here: what a caller means by leaving them out depends on the model. */
const { temperature: _temperature, topP: _topP, ...optionalDefaults } = samplingDefaults;
const defaults = { ...optionalDefaults, logitBias: new Map<number, number>() };

/**
 * A sampler; `softmax` is the kernels'.
 *
 * @param promptTokens what penalties count first
 * @throws ToolkitError `INVALID_OPTION`
 */
export function createSampler(
  options: SamplerOptions,
  softmax: Softmax,
  promptTokens: readonly number[] = [],
): Sampler {
  checkOptions('createSampler', options, samplerOptions);
  checkKind('softmax', softmax ?? null, aFunction);
  checkKind('promptTokens', promptTokens, ids);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings = { ...defaults, ...(given as unknown as SamplerOptions) };
  checkRanges(settings);
  const { temperature, topP, topK, minP, typicalP, seed, referenceSampler, logitBias } = settings;
  const random = createRandomStream(seed);
  const penalties = createPenalties(settings, promptTokens);
  const isTopPOnly = topK === 0 && minP === 0 && typicalP === 1;
  const isTruncated = (topP > 0 && topP < 1) || !isTopPOnly;
  let truncation: Truncation | null = null;

  async function choose(logits: Float32Array): Promise<number> {
    if (temperature === 0) return argmax(logits);
    const probabilities = referenceSampler ? referenceSoftmax(logits, temperature) : await softmax(logits, temperature);
    const coin = random.next();
    if (!isTruncated) return sampleMultinomial(probabilities, coin);
    if (referenceSampler && isTopPOnly) return sampleReferenceTopP(probabilities, Math.fround(topP), coin);
    truncation ??= createTruncation(settings, logits.length);
    return truncation(probabilities, coin);
  }

  return {
    async sample(logits) {
      for (const [id, bias] of logitBias) logits[id]! += bias;
      penalties.apply(logits);
      refuseAllBanned(logits);
      const id = await choose(logits);
      penalties.push(id);
      return id;
    },
  };
}

function refuseAllBanned(logits: Float32Array): void {
  for (let i = 0; i < logits.length; i++) if (logits[i] !== Number.NEGATIVE_INFINITY) return;
  throw new ToolkitError('INVALID_OPTION', `all ${logits.length} tokens are banned, expected one that is not`);
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

type CheckedOptions = Omit<Required<SamplerOptions>, 'referenceSampler' | 'seed'>;

function checkRanges(options: CheckedOptions): void {
  const { temperature, topP, topK, minP, typicalP, penaltyWindow, repetitionPenalty } = options;
  expect('temperature', temperature, temperature >= 0 && Number.isFinite(temperature), 'a number from 0');
  expect('top-p', topP, topP >= 0 && topP <= 1, '0 to 1');
  expect('top-k', topK, Number.isSafeInteger(topK) && topK >= 0, 'a whole number from 0');
  expect('min-p', minP, minP >= 0 && minP <= 1, '0 to 1');
  expect('typical-p', typicalP, typicalP >= 0 && typicalP <= 1, '0 to 1');
  expect(
    'penalty window',
    penaltyWindow,
    Number.isSafeInteger(penaltyWindow) && penaltyWindow >= -1,
    'a whole number from −1',
  );
  const isGoodRepetition = repetitionPenalty >= 1 / MAX_PENALTY && repetitionPenalty <= MAX_PENALTY;
  expect('repetition penalty', repetitionPenalty, isGoodRepetition, `${1 / MAX_PENALTY} to ${MAX_PENALTY}`);
  for (const [name, value] of [
    ['presence penalty', options.presencePenalty],
    ['frequency penalty', options.frequencyPenalty],
  ] as const) {
    expect(name, value, Math.abs(value) <= MAX_PENALTY, `−${MAX_PENALTY} to ${MAX_PENALTY}`);
  }
  for (const [id, bias] of options.logitBias) {
    expect(
      `bias of token ${id}`,
      bias,
      bias === Number.NEGATIVE_INFINITY || Math.abs(bias) <= MAX_BIAS,
      `−${MAX_BIAS} to ${MAX_BIAS}, or −∞`,
    );
  }
}

function expect(name: string, value: unknown, isGood: boolean, expected: string): void {
  if (!isGood) throw new ToolkitError('INVALID_OPTION', `${name} ${value}, expected ${expected}`);
}
