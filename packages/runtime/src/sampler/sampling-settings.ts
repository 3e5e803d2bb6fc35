// The settings of sampling that options of answers and of the sampler itself share: their kinds and their defaults.

import { aBoolean, aNumber, aSeed } from '../options/option-kinds.js';

/** Kinds of the settings; the sampler checks ranges. */
export const samplingKinds = {
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
} as const;

/** Settings that neither the caller nor the model sets. */
export const samplingDefaults = {
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  penaltyWindow: -1,
  temperature: 1,
  topK: 0,
  topP: 0.9,
  minP: 0,
  typicalP: 1,
} as const;
