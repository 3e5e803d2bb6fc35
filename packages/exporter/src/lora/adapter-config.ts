// Reads adapter_config.json of PEFT, and refuses what cannot be merged by adding a product of two matrices.

import { isObject, type JsonObject, ToolkitError } from '@llama-ts/base';
import { show } from '../json-fields.js';

/** Settings of an adapter. */
export interface AdapterConfig {
  /** What the product of a module's matrices is multiplied with. @param module its whole name, as in `model.layers.0.mlp.up_proj` */
  scalingOf(module: string, rank: number): number;
  /** Rank that the file states for a module. */
  rankOf(module: string): number;
  readonly usesDora: boolean;
}

/** Fields whose other values change what an adapter computes, with the values that leave it as it is. */
const NEUTRAL: readonly (readonly [field: string, values: readonly unknown[]])[] = [
  ['bias', [undefined, null, 'none']],
  ['fan_in_fan_out', [undefined, null, false]],
  ['lora_bias', [undefined, null, false]],
  ['layer_replication', [undefined, null]],
  ['trainable_token_indices', [undefined, null]],
  ['target_parameters', [undefined, null]],
  ['alora_invocation_tokens', [undefined, null]],
  ['use_qalora', [undefined, null, false]],
  ['use_bdlora', [undefined, null, false]],
  ['arrow_config', [undefined, null]],
  ['kasa_config', [undefined, null]],
  ['velora_config', [undefined, null]],
  ['monteclora_config', [undefined, null]],
];
/** Initializations that leave the base as it is; pissa, olora, corda and loftq change it, and so what the product is added to. */
const PLAIN_STARTS: readonly unknown[] = [undefined, null, true, false, 'gaussian', 'eva', 'orthogonal'];
/** Keys of a pattern are names or their ends; PEFT takes regular expressions too, which are not compiled here. */
const PLAIN_KEY = /^[\w.]+$/;

/** @throws ToolkitError `BAD_CONFIG` for values that are wrong, `UNSUPPORTED_MODEL` for adapters of another kind */
export function parseAdapterConfig(config: JsonObject, name: string): AdapterConfig {
  if (config.peft_type !== 'LORA') throw unmergeable(name, `peft_type is ${show(config.peft_type)}, expected "LORA"`);
  for (const [field, values] of NEUTRAL) {
    if (!values.includes(config[field])) throw unmergeable(name, `${field} is ${show(config[field])}, expected none`);
  }
  const start = config.init_lora_weights;
  if (!PLAIN_STARTS.includes(typeof start === 'string' ? start.toLowerCase() : start)) {
    const problem = `init_lora_weights is ${show(start)}, which changes the base too, expected one that does not`;
    throw unmergeable(name, problem);
  }
  const rank = positive(config.r, 'r', name);
  const alpha = positive(config.lora_alpha ?? 8, 'lora_alpha', name);
  const ranks = readPattern(config.rank_pattern, 'rank_pattern', name);
  const alphas = readPattern(config.alpha_pattern, 'alpha_pattern', name);
  const isRsLora = config.use_rslora === true;
  return {
    scalingOf(module, moduleRank) {
      const numerator = valueFor(alphas, module) ?? alpha;
      return numerator / (isRsLora ? Math.sqrt(moduleRank) : moduleRank);
    },
    rankOf: (module) => valueFor(ranks, module) ?? rank,
    usesDora: config.use_dora === true,
  };
}

/** The error of an adapter that cannot be merged here: PEFT can. */
export function unmergeable(name: string, problem: string): ToolkitError {
  return new ToolkitError('UNSUPPORTED_MODEL', `${name}: ${problem}`, {
    suggestions: ['merge it with PEFT, then export the merged folder'],
  });
}

function readPattern(pattern: unknown, field: string, name: string): ReadonlyMap<string, number> {
  if (pattern == null) return new Map();
  if (!isObject(pattern)) throw badAdapter(name, `${field} is ${show(pattern)}, expected an object`);
  return new Map(
    Object.entries(pattern).map(([key, value]) => {
      if (!PLAIN_KEY.test(key)) throw unmergeable(name, `${field} has the expression ${show(key)}, expected names`);
      return [key, positive(value, `${field} of ${show(key)}`, name)] as const;
    }),
  );
}

/** The value of the first key that a name ends with, as a whole part. @see peft, utils/other.py, get_pattern_key */
function valueFor(pattern: ReadonlyMap<string, number>, module: string): number | undefined {
  for (const [key, value] of pattern) if (module === key || module.endsWith(`.${key}`)) return value;
  return undefined;
}

function positive(value: unknown, field: string, name: string): number {
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
  throw badAdapter(name, `${field} is ${show(value)}, expected a finite number above 0`);
}

/** The error of a damaged adapter. */
export function badAdapter(name: string, problem: string): ToolkitError {
  return new ToolkitError('BAD_CONFIG', `${name}: ${problem}`, {
    suggestions: ['download the file again, then run the same command again'],
  });
}
