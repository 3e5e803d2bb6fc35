// Reads the settings of a Llama model from the metadata of a GGUF file, and refuses what a .bin cannot express.

import { ToolkitError } from '@llama-ts/base';
import { MAX_DIM, MAX_HEADS, MAX_LAYERS, MAX_SEQ_LEN, MAX_VOCAB_SIZE, type ModelDimensions } from '@llama-ts/format';
import type { GgufTensor } from '@llama-ts/gguf';
import { show } from '../json-fields.js';
import { badField, type GgufFields, shortestDecimal } from './gguf-fields.js';
import { GGUF_EMBEDDING } from './gguf-names.js';

const ARCHITECTURE = 'llama';
/** llama.cpp's default where the file names none. */
const DEFAULT_THETA = 10000;
/** Keys that change the model's arithmetic, each with the value that leaves it as it is. */
const NEUTRAL: readonly (readonly [key: string, value: number, what: string])[] = [
  ['llama.expert_count', 0, 'a mixture of experts, such as Mixtral'],
  ['llama.attention.sliding_window', 0, 'attention to a window of positions, as in Mistral'],
  ['llama.attention.clamp_kqv', 0, 'clamped attention'],
  ['llama.attention.max_alibi_bias', 0, 'ALiBi positions'],
  ['llama.attention.scale', 0, 'another scale of attention'],
  ['llama.embedding_scale', 1, 'scaled embeddings'],
  ['llama.residual_scale', 1, 'scaled residuals'],
  ['llama.logit_scale', 1, 'scaled logits'],
  ['llama.rope.scale_linear', 1, 'linear scaling of positions'],
  ['llama.rope.scaling.factor', 1, 'scaling of positions by a factor'],
  ['llama.rope.scaling.attn_factor', 1, 'scaling of attention by positions'],
];

/** The settings of a file, without what only its tensors decide. */
export interface GgufConfig {
  readonly dimensions: Omit<ModelDimensions, 'sharedClassifier'>;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
}

/**
 * Reads the settings.
 *
 * @throws ToolkitError `UNSUPPORTED_MODEL` for models of another kind, `BAD_CONFIG` for values that are wrong
 */
export function ggufConfig(fields: GgufFields, tensors: ReadonlyMap<string, GgufTensor>): GgufConfig {
  checkKind(fields);
  const { name } = fields;
  const dim = fields.size('llama.embedding_length', MAX_DIM);
  const nHeads = fields.size('llama.attention.head_count', MAX_HEADS);
  const vocabSize = tensors.get(GGUF_EMBEDDING)?.shape[0] ?? 0;
  if (vocabSize < 1 || vocabSize > MAX_VOCAB_SIZE) {
    throw badField(name, `${vocabSize} rows of ${GGUF_EMBEDDING}, expected 1 to ${MAX_VOCAB_SIZE}`);
  }
  const dimensions = {
    dim,
    hiddenDim: fields.size('llama.feed_forward_length', MAX_DIM),
    nLayers: fields.size('llama.block_count', MAX_LAYERS),
    nHeads,
    nKvHeads: fields.has('llama.attention.head_count_kv')
      ? fields.size('llama.attention.head_count_kv', MAX_HEADS)
      : nHeads,
    vocabSize,
    maxSeqLen: fields.size('llama.context_length', MAX_SEQ_LEN),
  };
  checkHeads(fields, dimensions);
  const ropeTheta = shortestDecimal(fields.number('llama.rope.freq_base') ?? DEFAULT_THETA);
  if (!(ropeTheta >= 1)) throw badField(name, `llama.rope.freq_base is ${ropeTheta}, expected a number of 1 or more`);
  const epsilon = fields.number('llama.attention.layer_norm_rms_epsilon');
  if (epsilon === undefined || !(epsilon > 0 && epsilon < 1)) {
    throw badField(name, `llama.attention.layer_norm_rms_epsilon is ${epsilon}, expected a number between 0 and 1`);
  }
  return { dimensions, ropeTheta, normEpsilon: shortestDecimal(epsilon) };
}

function checkKind(fields: GgufFields): void {
  const architecture = fields.text('general.architecture');
  const type = fields.text('general.type') ?? 'model';
  if (type !== 'model') throw unsupported(fields.name, `general.type is ${show(type)}, expected "model"`);
  if (architecture !== ARCHITECTURE) {
    const found = architecture === undefined ? 'no general.architecture' : `architecture ${show(architecture)}`;
    throw unsupported(fields.name, `${found}, expected ${show(ARCHITECTURE)}`);
  }
  const scaling = fields.text('llama.rope.scaling.type') ?? 'none';
  if (scaling !== 'none') {
    throw unsupported(fields.name, `llama.rope.scaling.type is ${show(scaling)}, expected none, or rope_freqs.weight`);
  }
  for (const [key, value, what] of NEUTRAL) {
    const found = fields.number(key);
    if (found === undefined || found === value) continue;
    throw unsupported(fields.name, `${key} is ${found} (${what}), expected ${value}`);
  }
}

function checkHeads(fields: GgufFields, { dim, nHeads, nKvHeads }: GgufConfig['dimensions']): void {
  const { name } = fields;
  if (dim % nHeads !== 0 || (dim / nHeads) % 2 !== 0) {
    throw badField(name, `width ${dim} over ${nHeads} heads, expected an even whole number per head`);
  }
  if (nHeads % nKvHeads !== 0) {
    throw badField(name, `${nHeads} heads over ${nKvHeads} key and value heads, expected a whole number`);
  }
  for (const key of ['llama.rope.dimension_count', 'llama.attention.key_length', 'llama.attention.value_length']) {
    const found = fields.number(key);
    if (found === undefined || found === dim / nHeads) continue;
    throw unsupported(name, `${key} is ${found}, expected ${dim / nHeads}: the .bin formats can express no other`);
  }
}

/** The error of a model that is no Llama 3: llama.cpp runs it as it is. */
export function unsupported(name: string, problem: string): ToolkitError {
  return new ToolkitError('UNSUPPORTED_MODEL', `${name}: ${problem}`, {
    suggestions: ['run it with llama.cpp, which takes it as it is'],
  });
}
