// Reads generation_config.json: the settings generation starts from, and the ids that end it.

import type { JsonObject } from '@llama-ts/base';
import type { GenerationDefaults } from '@llama-ts/format';
import { show } from '../json-fields.js';
import { parseTokenIds } from './config.js';
import { badConfig } from './config-errors.js';

/** Defaults of a model without the file. */
export const NO_GENERATION_DEFAULTS: GenerationDefaults = {
  doSample: null,
  temperature: null,
  topP: null,
  topK: null,
  repetitionPenalty: null,
};

/** The settings of generation_config.json. */
export interface GenerationConfig {
  readonly defaults: GenerationDefaults;
  /** End tokens; empty if the file names none. */
  readonly eosIds: readonly number[];
}

/** @throws ToolkitError `BAD_CONFIG` */
export function parseGenerationConfig(config: JsonObject, vocabSize: number, name: string): GenerationConfig {
  const number = (field: string, isValid: (value: number) => boolean, expected: string): number | null => {
    const value = config[field] ?? null;
    // Beyond float64, JSON.parse gives an infinity, which no trailer could repeat.
    if (value === null || (typeof value === 'number' && Number.isFinite(value) && isValid(value))) return value;
    throw badConfig(name, `${field} ${show(value)}, expected ${expected}`);
  };
  const doSample = config.do_sample ?? null;
  if (doSample !== null && typeof doSample !== 'boolean') {
    throw badConfig(name, `do_sample ${show(doSample)}, expected true or false`);
  }
  return {
    defaults: {
      doSample,
      temperature: number('temperature', (value) => value >= 0, 'a number of 0 or more'),
      topP: number('top_p', (value) => value > 0 && value <= 1, 'a number above 0, at most 1'),
      topK: number('top_k', (value) => Number.isSafeInteger(value) && value >= 0, 'a whole number of 0 or more'),
      repetitionPenalty: number('repetition_penalty', (value) => value > 0, 'a number above 0'),
    },
    eosIds: parseTokenIds(config.eos_token_id, 'eos_token_id', vocabSize, name),
  };
}
