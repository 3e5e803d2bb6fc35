// Options of sampling, with the model's own defaults for those that are left out.

import { ToolkitError } from '@llama-ts/base';
import type { Model } from '../model/model.js';
import { checkOptions, type TableOf } from '../options/check-options.js';
import { aNumber, fieldsOf } from '../options/option-kinds.js';
import type { SamplerOptions } from './sampler.js';
import { samplingDefaults, samplingKinds } from './sampling-settings.js';

/** How tokens are chosen. docs/sampling.md has formulas and order; every setting may be left out. */
export interface SamplingOptions {
  /** Added to the logits of tokens by id, −10,000 to 10,000; −∞ bans a token. */
  readonly logitBias?: Readonly<Record<number, number>> | undefined;
  /** 0.01 to 100: divides the positive logits of tokens that occurred before; default the model's, else 1. */
  readonly repetitionPenalty?: number | undefined;
  /** −100 to 100: subtracted from the logits of tokens that occurred before; default 0. */
  readonly presencePenalty?: number | undefined;
  /** −100 to 100: subtracted once for each time a token occurred; default 0. */
  readonly frequencyPenalty?: number | undefined;
  /** How many of the last tokens penalties count, those of the prompt included; default −1, all. */
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

/** Kinds of {@link SamplingOptions}; the sampler checks ranges. */
export const samplingOptions: TableOf<SamplingOptions> = { ...samplingKinds, logitBias: fieldsOf(aNumber) };

/** The reference uses no settings of the model. */
const noDefaults = { doSample: null, temperature: null, topP: null, topK: null, repetitionPenalty: null };

/**
 * Options with defaults filled in: the model's, then the toolkit's.
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

/** {@link resolveSampling} for options that were checked already; other fields are ignored. */
export function samplerOptionsOf(
  { generationDefaults, header }: Pick<Model, 'generationDefaults' | 'header'>,
  options: SamplingOptions,
): SamplerOptions {
  const { referenceSampler = false, seed = 1 } = options;
  const model = referenceSampler ? noDefaults : generationDefaults;
  const fallback = samplingDefaults;
  return {
    logitBias: resolveBias(options.logitBias ?? {}, header.dimensions.vocabSize),
    repetitionPenalty: options.repetitionPenalty ?? model.repetitionPenalty ?? fallback.repetitionPenalty,
    presencePenalty: options.presencePenalty ?? fallback.presencePenalty,
    frequencyPenalty: options.frequencyPenalty ?? fallback.frequencyPenalty,
    penaltyWindow: options.penaltyWindow ?? fallback.penaltyWindow,
    temperature: options.temperature ?? (model.doSample === false ? 0 : (model.temperature ?? fallback.temperature)),
    topK: options.topK ?? model.topK ?? fallback.topK,
    topP: options.topP ?? model.topP ?? fallback.topP,
    minP: options.minP ?? fallback.minP,
    typicalP: options.typicalP ?? fallback.typicalP,
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
