// Describes what cannot be exported as it is: a folder with a problem, a GGUF file of another model, a JSON file.
// It lists what can be read, and says why it cannot be exported.

import {
  type ByteSource,
  isObject,
  type JsonObject,
  joinPath,
  recogniseFormat,
  shellQuote,
  ToolkitError,
} from '@llama-ts/base';
import { openGguf, type ReadGgufValue } from '@llama-ts/gguf';
import { openPytorch } from '@llama-ts/pytorch';
import { openSafetensors, parseIndex } from '@llama-ts/safetensors';
import { parseJson } from './json-fields.js';
import { readTraces } from './source/foreign-folder.js';
import { countValues, type TensorDescription } from './tensor-description.js';

/** A tokenizer.json takes up to 17 MB. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;
/** Longer values of a JSON file, such as lists of tokens, are left out. */
const MAX_VALUE_LENGTH = 300;

/** Files that hold tensors. */
const SAFETENSORS = /\.safetensors$/;
const PYTORCH = /(?:\.pth|\.pt|(?:^|\/)(?:pytorch_model.*|adapter_model)\.bin)$/;

/** A folder or file that the toolkit cannot export as it is. */
export interface OtherDescription {
  readonly kind: 'other';
  readonly path: string;
  /** Size of a file; of a folder, the size of its readable tensors. */
  readonly byteLength: number;
  /** Values of all readable tensors; 0 without any. */
  readonly nParameters: number;
  /** Ends the sentence "it is …". */
  readonly what: string;
  /** config.json or adapter_config.json of a folder, or the JSON file itself, without its long values. */
  readonly config: JsonObject | null;
  readonly tensors: readonly TensorDescription[];
  /** Files of a folder, relative. */
  readonly files: readonly string[];
  /** Why it cannot be exported as it is, and what to do. */
  readonly problem: Pick<ToolkitError, 'code' | 'message' | 'suggestions'>;
}

/** Describes a folder that cannot be opened as a source. */
export async function describeOtherFolder(
  folder: string,
  { code, message, suggestions }: ToolkitError,
  signal: AbortSignal | undefined,
): Promise<OtherDescription> {
  const { paths, config, adapterConfig } = await readTraces(folder, signal);
  const tensors: TensorDescription[] = [];
  for (const path of paths.filter((name) => SAFETENSORS.test(name) || PYTORCH.test(name))) {
    const open = SAFETENSORS.test(path) ? openSafetensors : openPytorch;
    const shard = await open(joinPath(folder, path), { signal }).catch(() => null);
    signal?.throwIfAborted();
    if (shard === null) continue;
    for (const tensor of shard.tensors.values()) tensors.push({ ...tensor, file: path });
    await shard.close();
  }
  return {
    kind: 'other',
    path: folder,
    byteLength: tensors.reduce((sum, { byteLength }) => sum + byteLength, 0),
    nParameters: countValues(tensors),
    what:
      config !== null
        ? 'a folder with config.json'
        : adapterConfig !== null
          ? 'a folder with adapter_config.json'
          : 'a folder',
    config: short(config ?? adapterConfig),
    tensors,
    files: paths,
    problem: { code, message, suggestions: suggestions.filter((text) => !text.includes('llama inspect')) },
  };
}

/**
 * Describes a file of torch.save that is no model by itself.
 *
 * @throws ToolkitError what openPytorch throws
 */
export async function describePytorchFile(
  path: string,
  { code, message, suggestions }: ToolkitError,
  signal: AbortSignal | undefined,
): Promise<OtherDescription> {
  const file = await openPytorch(path, { signal });
  await file.close();
  const tensors = [...file.tensors.values()];
  return {
    kind: 'other',
    path,
    byteLength: file.byteLength,
    nParameters: countValues(tensors),
    what: 'a file of PyTorch (torch.save)',
    config: null,
    tensors,
    files: [],
    problem: { code, message, suggestions },
  };
}

/**
 * Describes a GGUF file that cannot be opened as a source.
 *
 * @throws ToolkitError the same error for a file whose header cannot be read
 */
export async function describeOtherGguf(
  path: string,
  error: ToolkitError,
  signal: AbortSignal | undefined,
): Promise<OtherDescription> {
  const file = await openGguf(path, { signal }).catch(() => {
    throw error;
  });
  await file.close();
  const tensors = [...file.tensors.values()].map(({ type, ...tensor }) => ({ ...tensor, dtype: type }));
  const { code, message, suggestions } = error;
  return {
    kind: 'other',
    path,
    byteLength: file.byteLength,
    nParameters: countValues(tensors),
    what: `a GGUF file (llama.cpp), version ${file.version}`,
    config: short(Object.fromEntries([...file.metadata].map(([key, value]) => [key, plainValue(value)]))),
    tensors,
    files: [],
    problem: { code, message, suggestions: suggestions.filter((text) => !text.includes('llama inspect')) },
  };
}

/** A metadata value for JSON; an array by its length. */
function plainValue(value: ReadGgufValue): unknown {
  if (value.kind === 'array') return `${value.values.length} values`;
  return typeof value.value === 'bigint' ? value.value.toString() : value.value;
}

/**
 * Describes a file that is neither .bin, GGUF nor safetensors; null for one that is not recognised.
 *
 * @throws ToolkitError `NOT_A_MODEL` for an empty file, and for kinds of which nothing can be listed; `BAD_CONFIG` for broken JSON
 */
export async function describeOtherFile(source: ByteSource, start: Uint8Array): Promise<OtherDescription | null> {
  const { name, byteLength } = source;
  if (byteLength === 0) throw refused(`${name}: is empty`, [`ls -l ${shellQuote(name)}`]);
  const format = recogniseFormat(start)?.id;
  const base = { kind: 'other', path: name, byteLength, nParameters: 0, tensors: [], files: [] } as const;
  if (format === 'zip') {
    const folder = name.replace(/[^/\\]*$/, '') || '.';
    const suggestions = [`llama inspect ${shellQuote(folder)}`];
    const message = `${name}: is a part of a checkpoint, expected its folder`;
    return describePytorchFile(name, new ToolkitError('NOT_A_MODEL', message, { suggestions }), undefined);
  }
  if (format !== 'json' || byteLength > MAX_JSON_BYTES) return null;
  return { ...base, ...jsonWords(name, await source.read(0, byteLength)) };
}

function jsonWords(name: string, bytes: Uint8Array): Pick<OtherDescription, 'what' | 'config' | 'problem'> {
  const json = parseJson(bytes, name, 'BAD_CONFIG');
  const folder = name.replace(/[^/\\]*$/, '') || '.';
  const problem: OtherDescription['problem'] = {
    code: 'NOT_A_MODEL',
    message: `${name}: is a part of a checkpoint, expected its folder`,
    suggestions: [`llama inspect ${shellQuote(folder)}`],
  };
  if (isObject(json.weight_map)) {
    const { weightMap, shards } = parseIndex(bytes, name);
    return { what: `an index of ${weightMap.size} tensors in ${shards.length} shards`, config: short(json), problem };
  }
  if (isObject(json.model) && isObject(json.model.vocab)) {
    const nTokens = Object.keys(json.model.vocab).length;
    const nAdded = Array.isArray(json.added_tokens) ? json.added_tokens.length : 0;
    return { what: `a tokenizer of ${nTokens} tokens and ${nAdded} added ones`, config: null, problem };
  }
  return { what: 'a JSON file', config: short(json), problem };
}

/** The fields whose values are short. */
function short(json: JsonObject | null): JsonObject | null {
  if (json === null) return null;
  const isShort = (value: unknown): boolean => JSON.stringify(value).length <= MAX_VALUE_LENGTH;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => isShort(value)));
}

function refused(message: string, suggestions: readonly string[]): ToolkitError {
  return new ToolkitError('NOT_A_MODEL', message, { suggestions });
}
