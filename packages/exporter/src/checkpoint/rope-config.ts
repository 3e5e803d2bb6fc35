// Reads the RoPE settings of config.json in both of their layouts.
//
//   before transformers 5   "rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", …} or null
//   since transformers 5    "rope_parameters": {"rope_type": "llama3", "rope_theta": 500000.0, …}

import { isObject, type JsonObject } from '@llama-ts/base';
import type { Llama3RopeScaling } from '@llama-ts/format';
import { show } from '../json-fields.js';
import { badConfig, unsupported } from './config-errors.js';

/** LlamaConfig's default where config.json names none. */
const DEFAULT_THETA = 10000;

/** Base and scaling of the rotary frequencies. */
export interface RopeConfig {
  readonly ropeTheta: number;
  readonly ropeScaling: Llama3RopeScaling | null;
}

/**
 * Reads `rope_parameters`, or `rope_theta` and `rope_scaling`; where both are given they must agree.
 *
 * @throws ToolkitError `BAD_CONFIG`, `UNSUPPORTED_MODEL`
 */
export function parseRope(config: JsonObject, name: string): RopeConfig {
  const { rope_parameters: nested, rope_scaling: flat, rope_theta: theta } = config;
  if (nested == null) return parseLayout(flat, 'rope_scaling', theta, name);
  const parsed = parseLayout(nested, 'rope_parameters', theta, name);
  if (flat != null) {
    const other = parseLayout(flat, 'rope_scaling', theta ?? parsed.ropeTheta, name);
    if (JSON.stringify(other) !== JSON.stringify(parsed)) {
      throw badConfig(
        name,
        `rope_parameters ${show(nested)} and rope_scaling ${show(flat)} differ, expected one of them`,
      );
    }
  }
  return parsed;
}

function parseLayout(settings: unknown, field: string, outerTheta: unknown, name: string): RopeConfig {
  if (settings != null && !isObject(settings)) {
    throw badConfig(name, `${field} ${show(settings)}, expected an object or null`);
  }
  const innerTheta = settings?.rope_theta;
  if (innerTheta != null && outerTheta != null && innerTheta !== outerTheta) {
    throw badConfig(name, `rope_theta ${show(outerTheta)} and ${field}.rope_theta ${show(innerTheta)} differ`);
  }
  const ropeTheta = innerTheta ?? outerTheta ?? DEFAULT_THETA;
  if (typeof ropeTheta !== 'number' || !(ropeTheta >= 1 && Number.isFinite(ropeTheta))) {
    throw badConfig(name, `rope_theta ${show(ropeTheta)}, expected a finite number of 1 or more`);
  }
  return { ropeTheta, ropeScaling: settings == null ? null : parseScaling(settings, field, name) };
}

function parseScaling(settings: JsonObject, field: string, name: string): Llama3RopeScaling | null {
  const partial = settings.partial_rotary_factor;
  if (partial != null && partial !== 1) {
    throw unsupported(name, `${field}.partial_rotary_factor ${show(partial)}, expected 1`);
  }
  const type = settings.rope_type ?? settings.type ?? 'default';
  if (type === 'default') return null;
  if (type !== 'llama3') throw unsupported(name, `${field} type ${show(type)}, expected "default" or "llama3"`);
  const positive = (key: string): number => {
    const value = settings[key];
    if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
    throw badConfig(name, `${field}.${key} ${show(value)}, expected a finite number above 0`);
  };
  const scaling = {
    factor: positive('factor'),
    lowFreqFactor: positive('low_freq_factor'),
    highFreqFactor: positive('high_freq_factor'),
    originalMaxPositionEmbeddings: positive('original_max_position_embeddings'),
  };
  if (!Number.isSafeInteger(scaling.originalMaxPositionEmbeddings)) {
    throw badConfig(name, `${field}.original_max_position_embeddings is not a whole number`);
  }
  if (scaling.highFreqFactor <= scaling.lowFreqFactor) {
    const { lowFreqFactor, highFreqFactor } = scaling;
    throw badConfig(
      name,
      `${field}.high_freq_factor ${highFreqFactor}, expected more than low_freq_factor ${lowFreqFactor}`,
    );
  }
  return scaling;
}
