// What a caller may ask of the sampler, and what the model's own settings make of what is left out.

import { ToolkitError } from '@llama-ts/format';
import { checkOptions, type TableOf } from '../check-options.js';
import type { Model } from '../model.js';
import { aBoolean, aNumber, aSeed, fieldsOf } from '../option-kinds.js';
import type { SamplerOptions } from './sampler.js';

/** How tokens are chosen. docs/sampling.md has formulas and order; every setting may be left out. */
export interface SamplingOptions {
  /** Added to the logits of tokens by id, −10,000 to 10,000; −∞ bans a token. */
  readonly logitBias?: Readonly<Record<number, number>> | undefined;
  /** 0.01 to 100: divides the positive logits of tokens said before; default the model's, else 1. */
  readonly repetitionPenalty?: number | undefined;
  /** −100 to 100: taken off the logits of tokens said before; default 0. */
  readonly presencePenalty?: number | undefined;
  /** −100 to 100: taken off as often as they were said; default 0. */
  readonly frequencyPenalty?: number | undefined;
  /** Tokens that penalties look back on, the prompt's included; default −1, all. */
  readonly penaltyWindow?: number | undefined;
  /** Default the model's, else 1; 0 takes the most probable token. */
  readonly temperature?: number | undefined;
  /** The most probable tokens; default the model's, else 0, all. */
  readonly topK?: number | undefined;
  /** Probability mass to sample from, 0 to 1; default the model's, else 0.9. */
  readonly topP?: number | undefined;
  /** Smallest share of the largest probability, 0 to 1; default 0. */
  readonly minP?: number | undefined;
  /** Mass of the most typical tokens, 0 to 1; default 1, all. */
  readonly typicalP?: number | undefined;
  /** 1 to 2^64 − 1; default 1. */
  readonly seed?: bigint | number | undefined;
  /** The reference's softmax, in its order of sums, and its defaults instead of the model's. */
  readonly referenceSampler?: boolean | undefined;
}

/** Kinds of {@link SamplingOptions}; the sampler checks the ranges of what comes of them. */
export const samplingOptions: TableOf<SamplingOptions> = {
  logitBias: fieldsOf(aNumber),
  repetitionPenalty: aNumber,
  presencePenalty: aNumber,
  frequencyPenalty: aNumber,
  penaltyWindow: aNumber,
  temperature: aNumber,
  topK: aNumber,
  topP: aNumber,
  minP: aNumber,
  typicalP: aNumber,
  seed: aSeed,
  referenceSampler: aBoolean,
};

/** The reference asks no model for its settings. */
const noDefaults = { doSample: null, temperature: null, topP: null, topK: null, repetitionPenalty: null };

/**
 * What a sampler does with such options: the model's defaults, then the toolkit's, in place of what is left out.
 *
 * @throws ToolkitError `INVALID_OPTION`
 */
export function resolveSampling(
  model: Pick<Model, 'generationDefaults' | 'header'>,
  options: SamplingOptions,
): SamplerOptions {
  checkOptions('resolveSampling', options, samplingOptions);
  return samplerOptionsOf(model, options);
}

/** The same with options that are checked already, whatever others are beside them. */
export function samplerOptionsOf(
  { generationDefaults, header }: Pick<Model, 'generationDefaults' | 'header'>,
  options: SamplingOptions,
): SamplerOptions {
  const { referenceSampler = false, seed = 1 } = options;
  const model = referenceSampler ? noDefaults : generationDefaults;
  return {
    logitBias: resolveBias(options.logitBias ?? {}, header.dimensions.vocabSize),
    repetitionPenalty: options.repetitionPenalty ?? model.repetitionPenalty ?? 1,
    presencePenalty: options.presencePenalty ?? 0,
    frequencyPenalty: options.frequencyPenalty ?? 0,
    penaltyWindow: options.penaltyWindow ?? -1,
    temperature: options.temperature ?? (model.doSample === false ? 0 : (model.temperature ?? 1)),
    topK: options.topK ?? model.topK ?? 0,
    topP: options.topP ?? model.topP ?? 0.9,
    minP: options.minP ?? 0,
    typicalP: options.typicalP ?? 1,
    seed: BigInt(seed),
    referenceSampler,
  };
}

function resolveBias(bias: Readonly<Record<number, number>>, vocabSize: number): Map<number, number> {
  const entries = Object.entries(bias).filter(([, value]) => value !== undefined);
  const stray = entries.find(([id]) => !/^\d+$/.test(id) || Number(id) >= vocabSize);
  if (stray === undefined) return new Map(entries.map(([id, value]) => [Number(id), value]));
  throw new ToolkitError('INVALID_OPTION', `bias of token ${stray[0]}, expected ids below ${vocabSize}`);
}
