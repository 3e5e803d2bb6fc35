// Opens a Hugging Face folder: everything about it is checked before a byte of output is written.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  type BoundaryTokens,
  type EndTokenSource,
  type ForwardSettings,
  type GenerationDefaults,
  type ModelDimensions,
  type SourceFile,
  type TemplateFacts,
  type TokenizerData,
  ToolkitError,
  templateFacts,
} from '@llama-ts/format';
import { openSafetensorsFolder, type ShardTensorInfo, type TensorReader } from '@llama-ts/safetensors';
import { errnoOf } from '../files/file-layer.js';
import { readJsonFile, unreadable } from '../json-fields.js';
import { incompleteness, notACheckpoint } from '../source/foreign-folder.js';
import { unusualTokens } from '../tokenizer/chat-templates.js';
import { readTokenizer } from '../tokenizer/read-tokenizer.js';
import { findBoundaries } from './boundary-tokens.js';
import { parseConfig } from './config.js';
import { NO_GENERATION_DEFAULTS, parseGenerationConfig } from './generation-config.js';
import { openShardPass } from './shard-pass.js';
import { findSharedClassifier } from './shared-classifier.js';
import { checkTensors } from './tensor-names.js';
import { SINGLE_FILE } from './weight-files.js';
import type { WeightPass, WeightStream } from './weight-stream.js';
import { renamedPass, renamedReader, unwrapNames } from './wrapped-names.js';

/** Real ones take a few kB. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/** Options of {@link openCheckpoint}. */
export interface OpenCheckpointOptions {
  /** Hub repository id; default: the folder's name. */
  readonly source?: string;
  /** Resolved commit on the hub; default null. */
  readonly commit?: string | null;
  /** sha256 of files that the hub vouched for, by path in the folder; others are read and hashed. */
  readonly knownSha256?: ReadonlyMap<string, string>;
  /** Weights that are not in the folder. */
  readonly stream?: WeightStream | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link Checkpoint.sourceFiles}. */
export interface SourceFilesOptions {
  /** Files that a pass has seen. */
  readonly passed?: readonly SourceFile[];
  readonly signal?: AbortSignal | undefined;
}

/** A checkpoint, open and checked. */
export interface Checkpoint extends TemplateFacts {
  readonly folder: string;
  readonly source: string;
  readonly commit: string | null;
  readonly dimensions: ModelDimensions;
  readonly settings: ForwardSettings & BoundaryTokens;
  /** Which files name the end tokens. */
  readonly eosSources: readonly EndTokenSource[];
  readonly generation: GenerationDefaults;
  /** null for a folder without one. */
  readonly tokenizer: TokenizerData | null;
  readonly chatTemplate: string | null;
  readonly reader: TensorReader<ShardTensorInfo>;
  /** Weights that are read once, in the order of their files; null where they are in the folder. */
  readonly stream: WeightStream | null;
  /** What is odd but harmless. */
  readonly warnings: readonly string[];
  /** Files the export depends on, relative to the folder. */
  readonly files: readonly string[];
  /** Changes when one of those files does: their sha256 where a hub vouched for it, else their sizes and times. */
  identity(): Promise<string>;
  /** Starts a reading of all weights in the order of their files: the only one there is of a stream. */
  pass(): WeightPass;
  /** Those files with their sha256; hashes what neither a hub vouched for nor a pass has seen. */
  sourceFiles(options?: SourceFilesOptions): Promise<readonly SourceFile[]>;
  close(): Promise<void>;
}

/**
 * Opens a folder with config.json, safetensors and, if there is one, a tokenizer.
 *
 * @throws ToolkitError `NOT_A_CHECKPOINT`, `BAD_CONFIG`, `UNSUPPORTED_MODEL`, `BAD_TOKENIZER`, `MISSING_TENSOR`, `UNEXPECTED_TENSOR`,
 *   `BAD_TENSOR_SHAPE`, `UNSUPPORTED_DTYPE`, `FILE_UNREADABLE`, and what openSafetensorsFolder throws
 * @example const checkpoint = await openCheckpoint('Llama-3.2-1B');
 */
export async function openCheckpoint(folder: string, options: OpenCheckpointOptions = {}): Promise<Checkpoint> {
  const { signal } = options;
  signal?.throwIfAborted();
  const configPath = join(folder, 'config.json');
  const jsonOptions = { code: 'BAD_CONFIG', maxBytes: MAX_CONFIG_BYTES, signal };
  const configJson = await readJsonFile(configPath, jsonOptions);
  if (configJson === null) throw await notACheckpoint(folder, signal);
  const config = parseConfig(configJson, configPath);
  const { vocabSize } = config.dimensions;
  const generationPath = join(folder, 'generation_config.json');
  const generationJson = await readJsonFile(generationPath, jsonOptions);
  const generation = generationJson && parseGenerationConfig(generationJson, vocabSize, generationPath);
  const { stream = null } = options;
  if (stream === null) await checkWeightFiles(folder, signal);
  const text = await readTokenizer(folder, vocabSize, signal);
  const weights = stream === null ? await openSafetensorsFolder(folder, { signal }) : null;
  const stored: TensorReader<ShardTensorInfo> = stream?.reader ?? weights!;
  const wrapped = unwrapNames(stored.tensors.keys(), folder);
  const reader = wrapped === null ? stored : renamedReader(stored, wrapped);
  const renamed = <P extends WeightPass>(pass: P): P => (wrapped === null ? pass : renamedPass(pass, wrapped));
  try {
    checkTensors(reader.tensors, config.dimensions, folder);
    const sharedClassifier = await findSharedClassifier(reader, config.tiedEmbeddings, folder, signal);
    const files = [
      'config.json',
      ...(generation === null ? [] : ['generation_config.json']),
      ...text.files,
      ...(stream?.paths ?? weights!.files.keys()),
    ];
    const warnings = (stream ?? weights!).warnings;
    const { ropeTheta, ropeScaling, normEpsilon } = config;
    const { boundaries, eosSources } = findBoundaries({
      config,
      generationEosIds: generation?.eosIds ?? [],
      text,
      tokenizerPath: join(folder, 'tokenizer.json'),
    });
    return {
      folder,
      source: options.source ?? basename(resolve(folder)),
      commit: options.commit ?? null,
      dimensions: { ...config.dimensions, sharedClassifier },
      settings: { ropeTheta, ropeScaling, normEpsilon, ...boundaries },
      eosSources,
      generation: generation?.defaults ?? NO_GENERATION_DEFAULTS,
      tokenizer: text.tokenizer,
      chatTemplate: text.chatTemplate,
      ...templateFacts({ ...text, templateTokens: unusualTokens(text, boundaries.bosId) }),
      reader,
      stream: stream && renamed(stream),
      warnings: [
        ...warnings,
        ...(wrapped === null ? [] : [wrapped.warning]),
        ...text.warnings,
        ...(eosSources.length > 0
          ? []
          : [`${configPath}: names no end-of-sequence token; generation will not stop by itself`]),
      ],
      files,
      identity: () => identify(folder, files, options),
      pass: () => renamed(stream ?? openShardPass({ ...weights!, knownSha256: options.knownSha256 ?? new Map() })),
      sourceFiles: (given = {}) => describeFiles(folder, files, options.knownSha256, given),
      close: () => reader.close(),
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** Refuses weights in other files by name, before a tokenizer is read for them. */
async function checkWeightFiles(folder: string, signal: AbortSignal | undefined): Promise<void> {
  const names = await readdir(folder).catch(() => null);
  if (names === null || names.includes(SINGLE_FILE)) return;
  const refusal = await incompleteness(folder, signal);
  if (refusal !== null) throw refusal;
}

async function identify(
  folder: string,
  files: readonly string[],
  { commit, knownSha256, stream }: OpenCheckpointOptions,
): Promise<string> {
  const facts: (readonly string[])[] = stream === undefined ? [] : [[stream.identity]];
  for (const path of files) {
    if (stream?.paths.includes(path)) continue;
    const sha256 = knownSha256?.get(path);
    if (sha256 !== undefined) {
      facts.push([path, sha256]);
      continue;
    }
    const { size, mtimeNs } = await readable(join(folder, path), stat(join(folder, path), { bigint: true }));
    facts.push([path, String(size), String(mtimeNs)]);
  }
  return JSON.stringify([commit ?? null, facts]);
}

async function describeFiles(
  folder: string,
  files: readonly string[],
  known: ReadonlyMap<string, string> | undefined,
  { passed = [], signal }: SourceFilesOptions,
): Promise<SourceFile[]> {
  const described: SourceFile[] = [];
  for (const path of files) {
    signal?.throwIfAborted();
    const seen = passed.find((file) => file.path === path);
    if (seen !== undefined) {
      described.push(seen);
      continue;
    }
    const { size } = await readable(join(folder, path), stat(join(folder, path)));
    const sha256 = known?.get(path) ?? (await readable(join(folder, path), hashFile(join(folder, path), size, signal)));
    described.push({ path, byteLength: size, sha256 });
  }
  return described;
}

async function hashFile(path: string, size: number, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  let byteLength = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
    byteLength += (chunk as Buffer).byteLength;
  }
  if (byteLength !== size) {
    throw new ToolkitError('SOURCE_CHANGED', `${path}: ${byteLength} bytes, expected ${size} as when it was opened`, {
      suggestions: ['wait until nothing writes to it, then run the same command again'],
    });
  }
  return hash.digest('hex');
}

/** Gives what the system says of a file the toolkit's shape. */
function readable<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    if (errnoOf(error) === '' || error instanceof ToolkitError) throw error;
    throw unreadable(path, `cannot be read (${errnoOf(error)})`, error);
  });
}
