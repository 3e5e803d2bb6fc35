// Describes what cannot be exported as it is: a folder that stands in its own way, a GGUF file, a lone JSON file.
// What can be read is listed, and what stands in the way is said beside it.

import { join } from 'node:path';
import { type ByteSource, describeForeignBytes, ToolkitError, type ToolkitErrorShape } from '@llama-ts/format';
import { openSafetensors, parseIndex } from '@llama-ts/safetensors';
import { isObject, type JsonObject, parseJson } from './json-fields.js';
import { shellWord } from './shell-word.js';
import { readTraces } from './source/foreign-folder.js';
import { countValues, type TensorDescription } from './tensor-description.js';

/** A tokenizer.json takes up to 17 MB. */
const MAX_JSON_BYTES = 64 * 1024 * 1024;
/** Longer values of a JSON file, lists of tokens for one, are left out. */
const MAX_VALUE_LENGTH = 300;
/** Magic, version, and the counts of tensors and of metadata. */
const GGUF_HEAD_BYTES = 24;

/** A folder or file that the toolkit cannot export as it is. */
export interface OtherDescription {
  readonly kind: 'other';
  readonly path: string;
  /** Of a file; of a folder those of its tensors that can be read. */
  readonly byteLength: number;
  readonly nParameters: number;
  /** Ends the sentence "it is …". */
  readonly what: string;
  /** config.json or adapter_config.json of a folder, or the JSON file itself, but for what is long. */
  readonly config: JsonObject | null;
  readonly tensors: readonly TensorDescription[];
  /** Files of a folder, relative. */
  readonly files: readonly string[];
  /** Why it cannot be exported as it is, and how to go on. */
  readonly problem: Pick<ToolkitErrorShape, 'code' | 'message' | 'suggestions'>;
}

/** Describes a folder that openFolder refused. */
export async function describeOtherFolder(
  folder: string,
  { code, message, suggestions }: ToolkitErrorShape,
  signal: AbortSignal | undefined,
): Promise<OtherDescription> {
  const { paths, config, adapterConfig } = await readTraces(folder, signal);
  const tensors: TensorDescription[] = [];
  for (const path of paths.filter((name) => name.endsWith('.safetensors'))) {
    const shard = await openSafetensors(join(folder, path), { signal }).catch(() => null);
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
 * Describes a file that is neither .bin nor safetensors; null for one that is not recognised.
 *
 * @throws ToolkitError `NOT_A_MODEL` for an empty file, and for kinds of which nothing can be listed; `BAD_CONFIG` for broken JSON
 */
export async function describeOtherFile(source: ByteSource, start: Uint8Array): Promise<OtherDescription | null> {
  const { name, byteLength } = source;
  if (byteLength === 0) throw refused(`${name}: is empty`, [`ls -l ${shellWord(name)}`]);
  const what = describeForeignBytes(start);
  if (what === null || what === 'a safetensors file') return null;
  const base = { kind: 'other', path: name, byteLength, nParameters: 0, tensors: [], files: [] } as const;
  if (what.startsWith('a GGUF')) {
    const head = await source.read(0, Math.min(GGUF_HEAD_BYTES, byteLength));
    return { ...base, what: ggufWords(head), config: null, problem: ggufProblem(name) };
  }
  if (what !== 'a JSON file' || byteLength > MAX_JSON_BYTES) return null;
  return { ...base, ...jsonWords(name, await source.read(0, byteLength)) };
}

function ggufWords(head: Uint8Array): string {
  if (head.byteLength < GGUF_HEAD_BYTES) return 'a GGUF file (llama.cpp) that ends within its header';
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const [nTensors, nEntries] = [view.getBigUint64(8, true), view.getBigUint64(16, true)];
  return `a GGUF file (llama.cpp), version ${view.getUint32(4, true)}, ${nTensors} tensors, ${nEntries} metadata entries`;
}

function ggufProblem(name: string): OtherDescription['problem'] {
  return {
    code: 'NOT_A_MODEL',
    message: `${name}: GGUF is written here and not read, expected a .bin file or a checkpoint`,
    suggestions: ['the model that it was made from, such as: llama export meta-llama/Llama-3.2-1B-Instruct'],
  };
}

function jsonWords(name: string, bytes: Uint8Array): Pick<OtherDescription, 'what' | 'config' | 'problem'> {
  const json = parseJson(bytes, name, 'BAD_CONFIG');
  const folder = name.replace(/[^/\\]*$/, '') || '.';
  const problem = {
    code: 'NOT_A_MODEL',
    message: `${name}: is a part of a checkpoint, expected its folder`,
    suggestions: [`llama inspect ${shellWord(folder)}`],
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

/** The fields that fit on a line each. */
function short(json: JsonObject | null): JsonObject | null {
  if (json === null) return null;
  const isShort = (value: unknown): boolean => JSON.stringify(value).length <= MAX_VALUE_LENGTH;
  return Object.fromEntries(Object.entries(json).filter(([, value]) => isShort(value)));
}

function refused(message: string, suggestions: readonly string[]): ToolkitError {
  return new ToolkitError('NOT_A_MODEL', message, { suggestions });
}
