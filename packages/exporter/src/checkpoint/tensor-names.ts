// Names of tensors in Hugging Face checkpoints, and the check that a checkpoint has all of them in the right shape.

import { type ErrorCode, shellQuote, ToolkitError } from '@llama-ts/base';
import { type ModelDimensions, type TensorKind, tensorShape } from '@llama-ts/format';
import type { SourceDtype } from '@llama-ts/kernels';
import type { TensorInfo } from '@llama-ts/safetensors';
import { show } from '../json-fields.js';
import { quantized } from './config-errors.js';
import { quantizationOfTensor } from './quantization.js';

export const EMBEDDING_NAME = 'model.embed_tokens.weight';
export const CLASSIFIER_NAME = 'lm_head.weight';

/** Names of tensors in one layer, after `model.layers.N.`. */
const layerNames = {
  attentionNorm: 'input_layernorm',
  wq: 'self_attn.q_proj',
  wk: 'self_attn.k_proj',
  wv: 'self_attn.v_proj',
  wo: 'self_attn.o_proj',
  ffnNorm: 'post_attention_layernorm',
  w1: 'mlp.gate_proj',
  w2: 'mlp.down_proj',
  w3: 'mlp.up_proj',
} as const;

/** Tensors of PEFT's adapters. */
const ADAPTER = /\.lora_(?:A|B|embedding_[AB]|magnitude_vector)(?:\.|$)/;
/** Old checkpoints store these frequencies, which can be computed. */
const IGNORED = /\.rotary_emb\.inv_freq$/;

/** A checkpoint's name of a tensor; null for the tables that no checkpoint holds. */
export function checkpointName(kind: TensorKind, layer: number | null): string | null {
  switch (kind) {
    case 'embedding':
      return EMBEDDING_NAME;
    case 'classifier':
      return CLASSIFIER_NAME;
    case 'finalNorm':
      return 'model.norm.weight';
    case 'ropeCos':
    case 'ropeSin':
      return null;
    default:
      return `model.layers.${layer}.${layerNames[kind]}.weight`;
  }
}

/** Names of a checkpoint's tensors, the classifier's only where it is not shared. */
export function checkpointNames(dimensions: ModelDimensions): string[] {
  const names = [...expectedShapes(dimensions).keys()];
  return dimensions.sharedClassifier ? names.filter((name) => name !== CLASSIFIER_NAME) : names;
}

/** The one type that all tensors have; null for several, or one that is not read. */
export function soleDtype(dtypes: Iterable<string>): SourceDtype | null {
  const [first, ...others] = new Set(dtypes);
  return first !== undefined && others.length === 0 && isSourceDtype(first) ? first : null;
}

/** Whether the exporter reads weights of this type. */
export function isSourceDtype(dtype: string): dtype is SourceDtype {
  return dtype === 'BF16' || dtype === 'F16' || dtype === 'F32';
}

/**
 * Compares the tensors of a checkpoint with what its configuration calls for. The classifier may be absent.
 *
 * @throws ToolkitError `UNSUPPORTED_MODEL`, `NOT_A_CHECKPOINT`, `MISSING_TENSOR`, `UNEXPECTED_TENSOR`, `BAD_TENSOR_SHAPE`, `UNSUPPORTED_DTYPE`
 */
export function checkTensors(
  tensors: ReadonlyMap<string, TensorInfo>,
  dimensions: Omit<ModelDimensions, 'sharedClassifier'>,
  name: string,
): void {
  checkPlain(tensors.keys(), name);
  const expected = expectedShapes({ ...dimensions, sharedClassifier: false });
  for (const [tensor, shape] of expected) {
    const found = tensors.get(tensor);
    if (found === undefined) {
      if (tensor === CLASSIFIER_NAME) continue;
      const others = [...tensors.keys()].filter((other) => !expected.has(other));
      const instead = others.length === 0 ? '' : `; found ${nearName(tensor, others)} in its place`;
      throw wrong('MISSING_TENSOR', name, `no tensor ${tensor}, expected one of shape ${show(shape)}${instead}`);
    }
    if (found.shape.length !== shape.length || found.shape.some((n, i) => n !== shape[i])) {
      throw wrong('BAD_TENSOR_SHAPE', name, `${tensor} has shape ${show(found.shape)}, expected ${show(shape)}`);
    }
    if (!isSourceDtype(found.dtype)) {
      throw wrong('UNSUPPORTED_DTYPE', name, `${tensor} is ${found.dtype}, expected BF16, F16 or F32`);
    }
  }
  for (const tensor of tensors.keys()) {
    if (!expected.has(tensor) && !IGNORED.test(tensor)) {
      throw wrong('UNEXPECTED_TENSOR', name, `tensor ${show(tensor)} has no place in a Llama model of this size`);
    }
  }
}

function expectedShapes(dimensions: ModelDimensions): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const add = (kind: TensorKind, layer: number | null): void => {
    shapes.set(checkpointName(kind, layer)!, tensorShape(kind, dimensions));
  };
  add('embedding', null);
  for (let layer = 0; layer < dimensions.nLayers; layer++) {
    for (const kind of Object.keys(layerNames) as (keyof typeof layerNames)[]) add(kind, layer);
  }
  add('finalNorm', null);
  add('classifier', null);
  return shapes;
}

/** @throws ToolkitError `UNSUPPORTED_MODEL` for tensors that only quantized weights have, `NOT_A_CHECKPOINT` for adapters */
function checkPlain(names: Iterable<string>, folder: string): void {
  for (const name of names) {
    const method = quantizationOfTensor(name);
    if (method !== null) throw quantized(folder, `${method}, by tensor ${show(name)}`, null);
    if (ADAPTER.test(name)) {
      throw new ToolkitError(
        'NOT_A_CHECKPOINT',
        `${folder}: tensor ${show(name)} is of an adapter, expected it merged into its base`,
        {
          suggestions: ['merge it where it was trained: model.merge_and_unload().save_pretrained("MERGED")'],
        },
      );
    }
  }
}

/** The name most similar to the end of the missing one, among names that no Llama has. */
function nearName(missing: string, names: readonly string[]): string {
  const parts = missing.split('.').reverse();
  const shared = (name: string): number => {
    const other = name.split('.').reverse();
    const first = parts.findIndex((part, i) => part !== other[i]);
    return first === -1 ? parts.length : first;
  };
  return show(names.reduce((best, name) => (shared(name) > shared(best) ? name : best)));
}

function wrong(code: ErrorCode, name: string, message: string): ToolkitError {
  return new ToolkitError(code, `${name}: ${message}`, {
    suggestions: [`compare config.json with the weights: llama inspect ${shellQuote(name)}`],
  });
}
