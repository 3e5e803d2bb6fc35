// Reads config.json of a Llama checkpoint and refuses what the .bin formats cannot express.

import type { JsonObject } from '@llama-ts/base';
import {
  type BoundaryTokens,
  type ForwardSettings,
  MAX_DIM,
  MAX_HEADS,
  MAX_LAYERS,
  MAX_SEQ_LEN,
  MAX_VOCAB_SIZE,
  type ModelDimensions,
} from '@llama-ts/format';
import { show } from '../json-fields.js';
import { badConfig, quantized, unsupported } from './config-errors.js';
import { quantizationOf } from './quantization.js';
import { readableMethod } from './quantized/method.js';
import { parseRope } from './rope-config.js';

const ARCHITECTURE = 'LlamaForCausalLM';
/** Families that are mistaken for Llama, by their model_type. */
const otherFamilies: Readonly<Record<string, string>> = {
  mllama: 'Llama 3.2 Vision, a model of text and images',
  llama4: 'Llama 4, a mixture of experts',
  llama4_text: 'Llama 4, a mixture of experts',
  mistral: 'Mistral',
  mixtral: 'Mixtral, a mixture of experts',
  qwen2: 'Qwen 2',
  qwen3: 'Qwen 3',
  gemma: 'Gemma',
  gemma2: 'Gemma 2',
  gemma3: 'Gemma 3, a model of text and images',
  gemma3_text: 'Gemma 3',
  phi3: 'Phi 3',
  gpt2: 'GPT-2',
  gpt_oss: 'gpt-oss',
  llava: 'LLaVA, a model of text and images',
};
/** LlamaConfig's default where config.json names none. */
const DEFAULT_NORM_EPSILON = 1e-6;

/** The settings of config.json. */
export interface CheckpointConfig extends ForwardSettings, BoundaryTokens {
  /** All dimensions but sharedClassifier, which only the weights can decide. */
  readonly dimensions: Omit<ModelDimensions, 'sharedClassifier'>;
  /** The value of `tie_word_embeddings`. */
  readonly tiedEmbeddings: boolean;
}

/**
 * Reads the object in a config.json.
 *
 * @param name the file's name, for messages
 * @throws ToolkitError `BAD_CONFIG` for values that are wrong, `UNSUPPORTED_MODEL` for models of another kind
 */
export function parseConfig(config: JsonObject, name: string): CheckpointConfig {
  checkArchitecture(config, name);
  const integer = (field: string, max: number): number => positiveInteger(config[field], field, max, name);
  const dim = integer('hidden_size', MAX_DIM);
  const nHeads = integer('num_attention_heads', MAX_HEADS);
  const dimensions = {
    dim,
    hiddenDim: integer('intermediate_size', MAX_DIM),
    nLayers: integer('num_hidden_layers', MAX_LAYERS),
    nHeads,
    nKvHeads: config.num_key_value_heads == null ? nHeads : integer('num_key_value_heads', MAX_HEADS),
    vocabSize: integer('vocab_size', MAX_VOCAB_SIZE),
    maxSeqLen: integer('max_position_embeddings', MAX_SEQ_LEN),
  };
  checkHeads(dimensions, config.head_dim, name);
  const normEpsilon = config.rms_norm_eps ?? DEFAULT_NORM_EPSILON;
  if (typeof normEpsilon !== 'number' || !(normEpsilon > 0 && normEpsilon < 1)) {
    throw badConfig(name, `rms_norm_eps ${show(normEpsilon)}, expected a number between 0 and 1`);
  }
  const tied = config.tie_word_embeddings ?? false;
  if (typeof tied !== 'boolean') {
    throw badConfig(name, `tie_word_embeddings ${show(tied)}, expected true or false`);
  }
  return {
    dimensions,
    ...parseRope(config, name),
    normEpsilon,
    tiedEmbeddings: tied,
    bosId: parseTokenIds(config.bos_token_id, 'bos_token_id', dimensions.vocabSize, name)[0] ?? null,
    eosIds: parseTokenIds(config.eos_token_id, 'eos_token_id', dimensions.vocabSize, name),
  };
}

/** An id, a list of ids, or nothing. @throws ToolkitError `BAD_CONFIG` */
export function parseTokenIds(value: unknown, field: string, vocabSize: number, name: string): number[] {
  if (value == null) return [];
  const ids: readonly unknown[] = Array.isArray(value) ? value : [value];
  return ids.map((id) => {
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < vocabSize) return id;
    throw badConfig(name, `${field} ${show(value)}, expected ids from 0 to ${vocabSize - 1}`);
  });
}

function checkArchitecture(config: JsonObject, name: string): void {
  const { architectures, model_type: modelType } = config;
  const named = Array.isArray(architectures) ? architectures.includes(ARCHITECTURE) : architectures == null;
  if (!named || (modelType != null && modelType !== 'llama') || (architectures == null && modelType == null)) {
    const found = architectures == null ? 'no architectures' : `architectures ${show(architectures)}`;
    const family =
      typeof modelType === 'string' && Object.hasOwn(otherFamilies, modelType) ? `${otherFamilies[modelType]}: ` : '';
    throw unsupported(name, `${family}${found} with model_type ${show(modelType)}, expected ${ARCHITECTURE} ("llama")`);
  }
  for (const field of ['attention_bias', 'mlp_bias']) {
    if (config[field] != null && config[field] !== false) {
      throw unsupported(name, `${field} ${show(config[field])}, expected false: .bin files hold no biases`);
    }
  }
  const quantization = quantizationOf(config);
  if (quantization !== null && readableMethod(config) === null) throw quantized(name, quantization, config);
  if (config.hidden_act != null && config.hidden_act !== 'silu') {
    throw unsupported(name, `hidden_act ${show(config.hidden_act)}, expected "silu"`);
  }
}

function positiveInteger(value: unknown, field: string, max: number, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw badConfig(name, `${field} ${show(value)}, expected a whole number from 1 to ${max}`);
}

function checkHeads(dimensions: CheckpointConfig['dimensions'], statedHeadDim: unknown, name: string): void {
  const { dim, nHeads, nKvHeads } = dimensions;
  if (dim % nHeads !== 0 || (dim / nHeads) % 2 !== 0) {
    throw badConfig(
      name,
      `hidden_size ${dim} over num_attention_heads ${nHeads}, expected an even whole number per head`,
    );
  }
  if (nHeads % nKvHeads !== 0) {
    throw badConfig(
      name,
      `num_attention_heads ${nHeads} over num_key_value_heads ${nKvHeads}, expected a whole number`,
    );
  }
  if (statedHeadDim != null && statedHeadDim !== dim / nHeads) {
    throw unsupported(
      name,
      `head_dim ${show(statedHeadDim)}, expected hidden_size / num_attention_heads = ${dim / nHeads}: ` +
        'the .bin formats can express no other',
    );
  }
}
