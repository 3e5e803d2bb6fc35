// Opens a GGUF file, or all parts of a split one, as a source.

import { basename, dirname, equalBytes, isToolkitError, openFile, TOOL, ToolkitError } from '@llama-ts/base';
import { type Provenance, templateFacts } from '@llama-ts/format';
import {
  type GgufFile,
  type GgufFiles,
  isQuantizedTypeRead,
  openGgufFiles,
  type SplitTensor,
  splitFileNames,
} from '@llama-ts/gguf';
import { NO_GENERATION_DEFAULTS } from '../checkpoint/generation-config.js';
import { openShardPass } from '../checkpoint/shard-pass.js';
import { describeFiles, identifyFiles } from '../checkpoint/source-files.js';
import { soleDtype } from '../checkpoint/tensor-names.js';
import { describeGguf } from '../gguf/describe-gguf.js';
import { GGUF_CLASSIFIER, GGUF_EMBEDDING, ggufName } from '../gguf/gguf-names.js';
import { ggufPass, ggufRows } from '../gguf/gguf-rows.js';
import { modelTensors } from '../weights/model-tensors.js';
import type { CompletedFacts, CompleteSource, StatedFacts } from './model-source.js';
import { checkNothingStated } from './nothing-stated.js';
import type { SourceOpener } from './source-opener.js';

const MAGIC = new TextEncoder().encode('GGUF');
const ENDING = /\.gguf$/i;
/** Bytes of two tables compared at once. */
const BLOCK_BYTES = 1 << 20;

/** Options of {@link openGgufSource}. */
export interface OpenGgufSourceOptions {
  /** Hub repository id; default: the file's name without its ending. */
  readonly source?: string;
  /** Resolved commit on the hub; default null. */
  readonly commit?: string | null;
  /** sha256 of files that a download checked, by their names; others are read and hashed. */
  readonly knownSha256?: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** Opens files that are named as GGUF, or begin as GGUF does. */
export const ggufOpener: SourceOpener = async (found, { stated, signal }) => {
  if (found.kind !== 'file' || !(await isGguf(found.path))) return null;
  checkNothingStated(found.path, stated);
  return openGgufSource(found.path, { signal });
};

/** Whether a file's name or its first bytes say that it is GGUF. */
export async function isGguf(path: string): Promise<boolean> {
  if (ENDING.test(path)) return true;
  const file = await openFile(path).catch((error: unknown) => {
    if (isToolkitError(error)) return null;
    throw error;
  });
  if (file === null) return false;
  try {
    return file.byteLength >= MAGIC.byteLength && equalBytes(await file.read(0, MAGIC.byteLength), MAGIC);
  } finally {
    await file.close();
  }
}

/** The name of a model by that of its file: without the ending, and the number of its part. */
export function ggufModelName(path: string): string {
  return basename(path)
    .replace(ENDING, '')
    .replace(/-\d{5}-of-\d{5}$/, '');
}

/**
 * Opens a file, or all parts of a model of which one is named. No tensor is read but small ones.
 *
 * @throws ToolkitError `UNSUPPORTED_MODEL`, `BAD_CONFIG`, `BAD_TOKENIZER`, `MISSING_TENSOR`, `UNEXPECTED_TENSOR`, `BAD_TENSOR_SHAPE`,
 *   `UNSUPPORTED_DTYPE`, and what openGgufFiles throws
 */
export async function openGgufSource(path: string, options: OpenGgufSourceOptions = {}): Promise<CompleteSource> {
  const { signal } = options;
  const files = await openGgufFiles(path, { signal });
  try {
    const { settings, text, ...described } = await describeGguf(files, { name: path, isRemote: false, signal });
    const dimensions = { ...described.dimensions, sharedClassifier: await sharesClassifier(files, signal) };
    const folder = dirname(path);
    const names = splitFileNames(basename(path));
    const source = options.source ?? ggufModelName(path);
    const { commit = null, knownSha256 = new Map<string, string>() } = options;
    const tensors = { files, dimensions, name: path };
    const weights = modelTensors(dimensions).map((tensor) => files.tensors.get(ggufName(tensor))!);
    const shardOf = ({ part }: SplitTensor): string => names[part]!;
    const { warnings } = text;
    let closing: Promise<void> | undefined;
    return {
      kind: 'gguf',
      name: options.source ?? path,
      commit,
      folder,
      files: names,
      warnings,
      dimensions,
      settings,
      eosSources: text.eosSources,
      generation: NO_GENERATION_DEFAULTS,
      tokenizer: text.tokenizer,
      chatTemplate: text.chatTemplate,
      ...templateFacts(text),
      modelName: source,
      tensors: [...files.tensors.values()].map(({ type, part, ...tensor }) => {
        return { ...tensor, dtype: type, ...(names.length === 1 ? {} : { file: names[part]! }) };
      }),
      storedType: soleDtype(weights.filter(({ shape }) => shape.length > 1).map(({ type }) => type)),
      isQuantized: weights.some(({ type }) => isQuantizedTypeRead(type)),
      isStream: false,
      weights: ggufRows(tensors),
      pass({ digests }) {
        const open = new Map<string, GgufFile>(names.map((name, part) => [name, files.files[part]!]));
        const placed = new Map(
          [...files.tensors].map(([name, tensor]) => [name, { ...tensor, shard: shardOf(tensor) }]),
        );
        const isHashed = (name: string): boolean => digests && !knownSha256.has(name);
        return ggufPass(tensors, openShardPass({ files: open, tensors: placed, isHashed }));
      },
      complete: (stated) => completeFacts(path, { settings, tokenizer: text.tokenizer, warnings }, stated),
      identity: () => identifyFiles(folder, names, { commit, knownSha256, stream: null }),
      async provenance(given = {}): Promise<Provenance> {
        return { source, commit, files: await describeFiles(folder, names, { knownSha256, ...given }), tool: TOOL };
      },
      close: () => (closing ??= files.close()),
    };
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** Whether there is no classifier, or one of the very bytes of the embedding. */
async function sharesClassifier({ files, tensors }: GgufFiles, signal: AbortSignal | undefined): Promise<boolean> {
  const classifier = tensors.get(GGUF_CLASSIFIER);
  const embedding = tensors.get(GGUF_EMBEDDING)!;
  if (classifier === undefined) return true;
  if (classifier.type !== embedding.type) return false;
  for (let start = 0; start < embedding.byteLength; start += BLOCK_BYTES) {
    const range = { start, end: Math.min(start + BLOCK_BYTES, embedding.byteLength), signal };
    const [a, b] = await Promise.all([
      files[classifier.part]!.read(GGUF_CLASSIFIER, range),
      files[embedding.part]!.read(GGUF_EMBEDDING, range),
    ]);
    if (!equalBytes(a, b)) return false;
  }
  return true;
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
function completeFacts(path: string, held: CompletedFacts, { settings, tokenizer }: StatedFacts): CompletedFacts {
  if (settings === undefined && tokenizer === undefined) return held;
  const message = `${path}: settings or a tokenizer are given, which are for a .bin file that holds none`;
  throw new ToolkitError('INVALID_ARGUMENT', message, {
    suggestions: ['the file has its own: leave out --rope-theta, --rope-scaling and --tokenizer'],
  });
}
