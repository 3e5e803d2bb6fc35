// What Meta's files do not state and transformers' converter is told: the factor of RoPE's scaling and the context length.

import { type JsonObject, ToolkitError } from '@llama-ts/base';
import type { Llama3RopeScaling } from '@llama-ts/format';
import { type MetaParams, parseMetaParams } from './meta-params.js';

/** Facts that the caller states where the source does not. */
export interface StatedSizes {
  /** Factor of Llama 3's scaling of RoPE: 8 in 3.1 and 3.3, 32 in 3.2. */
  readonly ropeFactor?: number | undefined;
  /** Positions that the model was made for. */
  readonly contextLength?: number | undefined;
}

/** Settings that the sizes of a model tell. */
export interface SizedSettings {
  readonly ropeScaling: Llama3RopeScaling | null;
  /** Positions that the model was made for. */
  readonly maxSeqLen: number;
}

/** Width and layers of the published models whose RoPE is scaled. @see config.json of meta-llama/Llama-3.1 and -3.2 */
const factors: readonly (readonly [dim: number, nLayers: number, factor: number])[] = [
  [2048, 16, 32],
  [3072, 28, 32],
  [4096, 32, 8],
  [8192, 80, 8],
  [16384, 126, 8],
];
/** The base of RoPE in Llama 3. */
const LLAMA3_THETA = 500000;
const SCALED_CONTEXT = 131072;
const LLAMA3_CONTEXT = 8192;

/** The settings of a model in Meta's files. */
export type MetaSettings = MetaParams & SizedSettings;

/**
 * Reads the object in a params.json and completes it.
 *
 * @param name the file's name, for messages
 * @throws ToolkitError `BAD_CONFIG`, `UNSUPPORTED_MODEL`, `SETTINGS_UNKNOWN`
 */
export function readMetaSettings(json: JsonObject, stated: StatedSizes, name: string): MetaSettings {
  const params = parseMetaParams(json, name);
  return { ...params, ...sizedSettings(params, stated, name) };
}

/**
 * Completes settings: what they say, else what the caller states, else what is known of models of these sizes.
 *
 * @param name the file's name, for messages
 * @throws ToolkitError `SETTINGS_UNKNOWN`
 * @see transformers, src/transformers/models/llama/convert_llama_weights_to_hf.py
 */
function sizedSettings(params: MetaParams, { ropeFactor, contextLength }: StatedSizes, name: string): SizedSettings {
  const { dim, nLayers, isRopeScaled, ropeTheta, maxSeqLen } = params;
  const known = isRopeScaled ? SCALED_CONTEXT : ropeTheta === LLAMA3_THETA ? LLAMA3_CONTEXT : null;
  const length = maxSeqLen ?? contextLength ?? known;
  if (length === null) {
    throw unknown(`${name}: says no context length, expected it to be stated`, '--context-length 4096');
  }
  if (!isRopeScaled) return { ropeScaling: null, maxSeqLen: length };
  const factor = ropeFactor ?? factors.find((sizes) => sizes[0] === dim && sizes[1] === nLayers)?.[2];
  if (factor === undefined) {
    const sizes = `dim ${dim} and n_layers ${nLayers} are of no published model`;
    throw unknown(`${name}: says use_scaled_rope and not by how much, and ${sizes}`, '--rope-factor 32');
  }
  const ropeScaling = { factor, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: LLAMA3_CONTEXT };
  return { ropeScaling, maxSeqLen: length };
}

function unknown(message: string, flag: string): ToolkitError {
  return new ToolkitError('SETTINGS_UNKNOWN', message, {
    suggestions: [`the one that the model was trained with, such as: ${flag}`],
  });
}
