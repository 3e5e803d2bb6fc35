// Reads params.json of Meta's files, and the same settings in llama2.c's checkpoints; refuses what a .bin cannot express.

import { isObject, type JsonObject } from '@llama-ts/base';
import { MAX_DIM, MAX_HEADS, MAX_LAYERS, MAX_SEQ_LEN, MAX_VOCAB_SIZE } from '@llama-ts/format';
import { badConfig, quantized, unsupported } from '../checkpoint/config-errors.js';
import { show } from '../json-fields.js';

/** Settings that Meta's files state. */
export interface MetaParams {
  /** Width of the residual stream. */
  readonly dim: number;
  /** Transformer layers. */
  readonly nLayers: number;
  /** Query heads of a layer. */
  readonly nHeads: number;
  /** Key/value heads of a layer; at most `nHeads`. */
  readonly nKvHeads: number;
  /** null where only the embedding says it. */
  readonly vocabSize: number | null;
  /** Added to the mean square in RMSNorm. */
  readonly normEpsilon: number;
  /** Base of RoPE's frequencies. */
  readonly ropeTheta: number;
  /** Whether RoPE is scaled; by how much is not stated. */
  readonly isRopeScaled: boolean;
  /** null where the settings do not say it, as Meta's never do. */
  readonly maxSeqLen: number | null;
}

/** The default of Meta's ModelArgs. */
const DEFAULT_NORM_EPSILON = 1e-5;
const DEFAULT_THETA = 10000;
/** Fields of models that are not supported. */
const otherModels: readonly (readonly [field: string, what: string])[] = [
  ['vision_chunk_size', 'Llama 3.2 Vision, a model of text and images'],
  ['vision_args', 'a model of text and images'],
  ['moe_args', 'a mixture of experts'],
  ['moe', 'a mixture of experts'],
];

/**
 * Reads the settings.
 *
 * @param name the file's name, for messages
 * @throws ToolkitError `BAD_CONFIG`, `UNSUPPORTED_MODEL`
 */
export function parseMetaParams(params: JsonObject, name: string): MetaParams {
  for (const [field, what] of otherModels) {
    if (params[field] != null && params[field] !== -1)
      throw unsupported(name, `${field}: is ${what}, expected a Llama 3`);
  }
  if (params.quantization_args != null) throw quantized(name, quantizationWords(params), null);
  const integer = (field: string, max: number): number => positiveInteger(params[field], field, max, name);
  const [dim, nHeads] = [integer('dim', MAX_DIM), integer('n_heads', MAX_HEADS)];
  const nKvHeads = params.n_kv_heads == null ? nHeads : integer('n_kv_heads', MAX_HEADS);
  if (dim % nHeads !== 0 || (dim / nHeads) % 2 !== 0) {
    throw badConfig(name, `dim ${dim} over n_heads ${nHeads}, expected an even whole number per head`);
  }
  if (nHeads % nKvHeads !== 0) {
    throw badConfig(name, `n_heads ${nHeads} over n_kv_heads ${nKvHeads}, expected a whole number`);
  }
  const isRopeScaled = params.use_scaled_rope ?? false;
  if (typeof isRopeScaled !== 'boolean') {
    throw badConfig(name, `use_scaled_rope ${show(isRopeScaled)}, expected true or false`);
  }
  return {
    dim,
    nLayers: integer('n_layers', MAX_LAYERS),
    nHeads,
    nKvHeads,
    // Llama 2's is -1: as many as its tokenizer has.
    vocabSize: params.vocab_size == null || params.vocab_size === -1 ? null : integer('vocab_size', MAX_VOCAB_SIZE),
    normEpsilon: number(params.norm_eps ?? DEFAULT_NORM_EPSILON, 'norm_eps', 0, 1, name),
    ropeTheta: number(params.rope_theta ?? DEFAULT_THETA, 'rope_theta', 1, Number.MAX_VALUE, name),
    isRopeScaled,
    maxSeqLen: params.max_seq_len == null ? null : integer('max_seq_len', MAX_SEQ_LEN),
  };
}

/**
 * What Meta's quantized files are: those of Llama 3.2 for phones, which ExecuTorch runs.
 *
 * @see https://huggingface.co/meta-llama/Llama-3.2-1B-Instruct-SpinQuant_INT4_EO8, and …-QLORA_INT4_EO8
 */
function quantizationWords({ quantization_args: args, lora_args: lora }: JsonObject): string {
  const method = lora == null ? 'SpinQuant, in rotated bases' : 'QLoRA, with adapters beside the weights';
  const groupSize = isObject(args) && typeof args.group_size === 'number' ? ` in groups of ${args.group_size}` : '';
  return `Meta's ${method}, 4 bits${groupSize}, for ExecuTorch`;
}

function positiveInteger(value: unknown, field: string, max: number, name: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw badConfig(name, `${field} ${show(value)}, expected a whole number from 1 to ${max}`);
}

function number(value: unknown, field: string, min: number, max: number, name: string): number {
  if (typeof value === 'number' && value >= min && value <= max && value > 0) return value;
  throw badConfig(name, `${field} ${show(value)}, expected a number from ${min} to ${max}`);
}
