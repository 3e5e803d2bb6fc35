// Opens a LoRA adapter of PEFT: adapter_config.json, and adapter_model.safetensors or, of older versions, adapter_model.bin.

import { basename, joinPath, pathStatus, quote, resolvePath, ToolkitError } from '@llama-ts/base';
import { columnsOf, type ModelDimensions, rowsOf } from '@llama-ts/format';
import { openSafetensors, type TensorInfo, type TensorReader } from '@llama-ts/safetensors';
import { openPytorchFiles } from '../checkpoint/pytorch-folder.js';
import { checkpointName, isSourceDtype } from '../checkpoint/tensor-names.js';
import { readJsonFile } from '../json-fields.js';
import { modelTensors } from '../weights/model-tensors.js';
import { type AdapterConfig, badAdapter, parseAdapterConfig, unmergeable } from './adapter-config.js';

const CONFIG_FILE = 'adapter_config.json';
const WEIGHTS_FILE = 'adapter_model.safetensors';
const PICKLE_FILE = 'adapter_model.bin';
/** Files that a merge may read: of two with weights, the first. */
export const ADAPTER_FILES: readonly string[] = [CONFIG_FILE, WEIGHTS_FILE, PICKLE_FILE];
const MAX_CONFIG_BYTES = 1024 * 1024;
/** PEFT's names of tensors begin so. */
const PREFIX = /^base_model\.model\./;
/** The classifier's names begin so after that. */
const CLASSIFIER = 'lm_head.';

/** What an adapter does to one tensor of a model. */
export type AdapterChange =
  /** Adds the product of b (rows, rank) and a (rank, columns), times the scaling; with a magnitude (rows), rows get that length. */
  | {
      readonly kind: 'product';
      readonly a: TensorInfo;
      readonly b: TensorInfo;
      readonly magnitude: TensorInfo | null;
      readonly scaling: number;
      /** Whether a is stored as (columns, rank) and b as (rank, rows): those of the embedding, which PEFT keeps so. */
      readonly isTransposed: boolean;
    }
  /** Takes its place: `modules_to_save`. */
  | { readonly kind: 'whole'; readonly tensor: TensorInfo };

/** An open adapter. */
export interface LoraAdapter {
  /** Repository id, or the folder's name; in provenance with its scale. */
  readonly name: string;
  readonly folder: string;
  /** The files that a merge reads, relative to the folder. */
  readonly paths: readonly string[];
  readonly file: TensorReader<TensorInfo>;
  /** Changes by the names of a .bin file's tensors. */
  readonly changes: ReadonlyMap<string, AdapterChange>;
  close(): Promise<void>;
}

/** Options of `openAdapter`. */
export interface OpenAdapterOptions {
  /** Folder with the adapter's files. */
  readonly folder: string;
  /** Repository id; default: the folder's name. */
  readonly name?: string | undefined;
  /** Multiplies its effect. Default 1. */
  readonly scale?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an adapter and checks that every tensor of it has a place in the model.
 *
 * @throws ToolkitError `NOT_A_CHECKPOINT` for a folder that holds none, `BAD_CONFIG`, `UNSUPPORTED_MODEL` for adapters that cannot be
 *   merged, `BAD_TENSOR_SHAPE`, `UNSUPPORTED_DTYPE`, and what openSafetensors throws
 */
export async function openAdapter(
  { folder, name = basename(resolvePath(folder)), scale = 1, signal }: OpenAdapterOptions,
  dimensions: ModelDimensions,
): Promise<LoraAdapter> {
  const configPath = joinPath(folder, CONFIG_FILE);
  const json = await readJsonFile(configPath, { code: 'BAD_CONFIG', maxBytes: MAX_CONFIG_BYTES, signal });
  if (json === null) throw notAnAdapter(folder, `holds no ${CONFIG_FILE}`);
  const config = parseAdapterConfig(json, configPath);
  const weights = await weightsOf(folder);
  if (weights === null) throw notAnAdapter(folder, `holds no ${WEIGHTS_FILE}`);
  const path = joinPath(folder, weights);
  const isPickle = weights === PICKLE_FILE;
  const file = isPickle
    ? await openPytorchFiles(folder, [weights], { signal })
    : await openSafetensors(path, { signal });
  try {
    const changes = changesOf(file, { config, scale, path }, dimensions);
    const paths = [CONFIG_FILE, weights];
    return { name: scale === 1 ? name : `${name}=${scale}`, folder, paths, file, changes, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The file of a folder that holds an adapter's weights; null if there is none. */
async function weightsOf(folder: string): Promise<string | null> {
  for (const file of [WEIGHTS_FILE, PICKLE_FILE]) {
    if ((await pathStatus(joinPath(folder, file)).catch(() => null)) !== null) return file;
  }
  return null;
}

interface AdapterContext {
  readonly config: AdapterConfig;
  readonly scale: number;
  readonly path: string;
}

function changesOf(
  { tensors }: TensorReader<TensorInfo>,
  { config, scale, path }: AdapterContext,
  dimensions: ModelDimensions,
): ReadonlyMap<string, AdapterChange> {
  const used = new Set<string>();
  const byName = new Map([...tensors.values()].map((tensor) => [tensor.name.replace(PREFIX, ''), tensor]));
  const take = (name: string): TensorInfo | null => {
    const tensor = byName.get(name);
    if (tensor === undefined) return null;
    if (!isSourceDtype(tensor.dtype)) {
      throw new ToolkitError('UNSUPPORTED_DTYPE', `${path}: ${name} is ${tensor.dtype}, expected BF16, F16 or F32`, {
        suggestions: ['merge it with PEFT, then export the merged folder'],
      });
    }
    used.add(tensor.name);
    return tensor;
  };
  const changes = new Map<string, AdapterChange>();
  for (const tensor of modelTensors(dimensions)) {
    const module = checkpointName(tensor.kind, tensor.layer)!.replace(/\.weight$/, '');
    const shape = tensor.shape.length === 1 ? tensor.shape : [rowsOf(tensor), columnsOf(tensor)];
    const whole = take(`${module}.weight`);
    // LoRA matrices of a norm, or of a module that is stored whole, stay unused: tensors that are left over are refused.
    const isMatrix = whole === null && tensor.shape.length > 1;
    const [a, b] = isMatrix ? [take(`${module}.lora_A.weight`), take(`${module}.lora_B.weight`)] : [null, null];
    if (whole !== null) {
      checkShape(whole, shape, path);
      changes.set(tensor.name, { kind: 'whole', tensor: whole });
    } else if (a !== null && b !== null) {
      const rank = config.rankOf(module);
      checkShape(a, [rank, shape[1]!], path);
      checkShape(b, [shape[0]!, rank], path);
      const magnitude = take(`${module}.lora_magnitude_vector`) ?? take(`${module}.lora_magnitude_vector.weight`);
      if ((magnitude !== null) !== config.usesDora) {
        throw badAdapter(
          path,
          `${module} has ${magnitude === null ? 'no' : 'a'} magnitude, and use_dora is ${config.usesDora}`,
        );
      }
      if (magnitude !== null) checkShape(magnitude, [shape[0]!], path);
      const scaling = scale * config.scalingOf(module, rank);
      changes.set(tensor.name, { kind: 'product', a, b, magnitude, scaling, isTransposed: false });
    } else if (a !== null || b !== null) {
      throw badAdapter(path, `${module} has one of lora_A and lora_B, expected both`);
    }
    if (tensor.kind === 'embedding' && !changes.has(tensor.name)) {
      const change = embeddingChange(module, shape, take, { config, scale, path });
      if (change !== null) changes.set(tensor.name, change);
    }
  }
  const stray = [...tensors.keys()].find((name) => !used.has(name));
  const isTied = dimensions.sharedClassifier;
  if (stray !== undefined) {
    const what =
      isTied && stray.replace(PREFIX, '').startsWith(CLASSIFIER)
        ? 'the classifier, which is the embedding too in this model'
        : 'nothing of this model that can be merged';
    throw unmergeable(path, `tensor ${quote(stray)} changes ${what}`);
  }
  if (changes.size === 0) throw unmergeable(path, 'holds no tensor, expected lora_A and lora_B');
  if (isTied && changes.has('tok_embeddings.weight')) {
    throw unmergeable(path, 'changes the embedding, which is the classifier too in this model');
  }
  return changes;
}

/**
 * The change of an embedding that is trained by itself; null where it is not. Its matrices are those of a lookup: a column of
 * the first and the second make a row of the embedding.
 *
 * @see peft, tuners/lora/layer.py, Embedding.get_delta_weight
 */
function embeddingChange(
  module: string,
  [rows, columns]: readonly number[],
  take: (name: string) => TensorInfo | null,
  { config, scale, path }: AdapterContext,
): AdapterChange | null {
  const [first, second] = [take(`${module}.lora_embedding_A`), take(`${module}.lora_embedding_B`)];
  if (first === null && second === null) return null;
  if (first === null || second === null) {
    throw badAdapter(path, `${module} has one of lora_embedding_A and lora_embedding_B, expected both`);
  }
  if (config.usesDora) throw unmergeable(path, 'use_dora is true, expected plain LoRA on the embedding');
  const rank = config.rankOf(module);
  checkShape(first, [rank, rows!], path);
  checkShape(second, [columns!, rank], path);
  const scaling = scale * config.scalingOf(module, rank);
  return { kind: 'product', a: second, b: first, magnitude: null, scaling, isTransposed: true };
}

function checkShape({ name, shape }: TensorInfo, expected: readonly number[], path: string): void {
  if (String(shape) === String(expected)) return;
  const message = `${path}: ${name} has shape [${shape.join(', ')}], expected [${expected.join(', ')}]`;
  throw new ToolkitError('BAD_TENSOR_SHAPE', message, {
    suggestions: ['name the model that it was trained on as the source, then run the same command again'],
  });
}

function notAnAdapter(folder: string, problem: string): ToolkitError {
  const message = `${folder}: ${problem}, expected a LoRA adapter: ${CONFIG_FILE} and ${WEIGHTS_FILE}`;
  return new ToolkitError('NOT_A_CHECKPOINT', message, {
    suggestions: ['save it from the training program with save_pretrained, then run the same command again'],
  });
}
