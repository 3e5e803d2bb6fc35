// Opens a Hugging Face folder: everything about it is checked before a byte of output is written.

import { basename, type JsonObject, joinPath, listFolder, resolvePath, TOOL, ToolkitError } from '@llama-ts/base';
import { type Provenance, templateFacts } from '@llama-ts/format';
import type { ShardTensorInfo, TensorReader } from '@llama-ts/safetensors';
import { readJsonFile } from '../json-fields.js';
import { incompleteness, notACheckpoint } from '../source/foreign-folder.js';
import type { CompletedFacts, CompleteSource, StatedFacts } from '../source/model-source.js';
import { originalModel } from '../source/original-model.js';
import { unusualTokens } from '../tokenizer/chat-templates.js';
import { readTokenizer } from '../tokenizer/read-tokenizer.js';
import { findBoundaries } from './boundary-tokens.js';
import { checkpointPass, checkpointRows } from './checkpoint-rows.js';
import { parseConfig } from './config.js';
import { NO_GENERATION_DEFAULTS, parseGenerationConfig } from './generation-config.js';
import { openWeightFolder } from './open-weights.js';
import { quantizationOf } from './quantization.js';
import { dequantizedPass, dequantizedReader } from './quantized/dequantized-reader.js';
import { readableMethod } from './quantized/method.js';
import { openShardPass } from './shard-pass.js';
import { findSharedClassifier } from './shared-classifier.js';
import { describeFiles, identifyFiles } from './source-files.js';
import { checkpointNames, checkTensors, soleDtype } from './tensor-names.js';
import { PYTORCH_FILE, SINGLE_FILE } from './weight-files.js';
import type { TensorPass, WeightStream } from './weight-stream.js';
import { renamedPass, renamedReader, unwrapNames } from './wrapped-names.js';

/** Real ones take a few kB. */
const MAX_CONFIG_BYTES = 1024 * 1024;

/** Options of {@link openCheckpoint}. */
export interface OpenCheckpointOptions {
  /** Hub repository id; default: the folder's name. */
  readonly source?: string;
  /** Resolved commit on the hub; default null. */
  readonly commit?: string | null;
  /** sha256 of files that a download checked, by path in the folder; others are read and hashed. */
  readonly knownSha256?: ReadonlyMap<string, string>;
  /** Weights that are not in the folder. */
  readonly stream?: WeightStream | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a folder with config.json, safetensors or pytorch_model.bin and, if there is one, a tokenizer.
 *
 * @throws ToolkitError `NOT_A_CHECKPOINT`, `BAD_CONFIG`, `UNSUPPORTED_MODEL`, `BAD_TOKENIZER`, `MISSING_TENSOR`, `UNEXPECTED_TENSOR`,
 *   `BAD_TENSOR_SHAPE`, `UNSUPPORTED_DTYPE`, `FILE_UNREADABLE`, and what openWeightFolder throws
 * @example const checkpoint = await openCheckpoint('Llama-3.2-1B');
 */
export async function openCheckpoint(folder: string, options: OpenCheckpointOptions = {}): Promise<CompleteSource> {
  const { signal } = options;
  signal?.throwIfAborted();
  const configPath = joinPath(folder, 'config.json');
  const jsonOptions = { code: 'BAD_CONFIG' as const, maxBytes: MAX_CONFIG_BYTES, signal };
  const configJson = await readJsonFile(configPath, jsonOptions);
  if (configJson === null) throw await notACheckpoint(folder, signal);
  const config = parseConfig(configJson, configPath);
  const { vocabSize } = config.dimensions;
  const generationPath = joinPath(folder, 'generation_config.json');
  const generationJson = await readJsonFile(generationPath, jsonOptions);
  const generation = generationJson && parseGenerationConfig(generationJson, vocabSize, generationPath);
  const { stream = null } = options;
  const method = readableMethod(configJson);
  if (stream !== null && method !== null) throw notStreamed(options.source ?? folder);
  if (stream === null) await checkWeightFiles(folder, signal);
  const text = await readTokenizer(folder, vocabSize, signal);
  const weights = stream === null ? await openWeightFolder(folder, { signal }) : null;
  const stored: TensorReader<ShardTensorInfo> = stream?.reader ?? weights!;
  const wrapped = unwrapNames(stored.tensors.keys(), folder);
  const bare = wrapped === null ? stored : renamedReader(stored, wrapped);
  const renamed = <P extends TensorPass>(pass: P): P => (wrapped === null ? pass : renamedPass(pass, wrapped));
  try {
    const reader = method === null ? bare : await dequantizedReader({ reader: bare, name: folder }, method, signal);
    checkTensors(reader.tensors, config.dimensions, folder);
    const sharedClassifier = await findSharedClassifier(reader, config.tiedEmbeddings, folder, signal);
    const files = [
      'config.json',
      ...(generation === null ? [] : ['generation_config.json']),
      ...text.files,
      ...(stream?.paths ?? weights!.files.keys()),
    ];
    const { ropeTheta, ropeScaling, normEpsilon } = config;
    const { boundaries, eosSources } = findBoundaries({
      config,
      generationEosIds: generation?.eosIds ?? [],
      text,
      tokenizerPath: joinPath(folder, 'tokenizer.json'),
    });
    const source = options.source ?? basename(resolvePath(folder));
    const dimensions = { ...config.dimensions, sharedClassifier };
    const tensors = { reader, dimensions, name: stream === null ? folder : source };
    const settings = { ropeTheta, ropeScaling, normEpsilon, ...boundaries };
    const warnings = [
      ...(stream ?? weights!).warnings,
      ...(wrapped === null ? [] : [wrapped.warning]),
      ...(method === null ? [] : [quantizedWarning(folder, configJson)]),
      ...text.warnings,
      ...(eosSources.length > 0
        ? []
        : [`${configPath}: names no end-of-sequence token; generation will not stop by itself`]),
    ];
    const { commit = null, knownSha256 = new Map<string, string>() } = options;
    let closing: Promise<void> | undefined;
    return {
      kind: 'checkpoint',
      name: source,
      commit,
      folder,
      files,
      warnings,
      dimensions,
      settings,
      eosSources,
      generation: generation?.defaults ?? NO_GENERATION_DEFAULTS,
      tokenizer: text.tokenizer,
      chatTemplate: text.chatTemplate,
      ...templateFacts({ ...text, templateTokens: unusualTokens(text, boundaries.bosId) }),
      modelName: source,
      tensors: [...reader.tensors.values()].map(({ shard, ...tensor }) => ({ ...tensor, file: shard })),
      storedType: soleDtype(checkpointNames(dimensions).map((tensor) => reader.tensors.get(tensor)!.dtype)),
      isQuantized: false,
      isStream: stream !== null,
      weights: checkpointRows(tensors),
      pass({ digests }) {
        const isHashed = (path: string): boolean => digests && !knownSha256.has(path);
        if (method !== null) return checkpointPass(tensors, dequantizedPass(reader));
        return checkpointPass(tensors, renamed(stream ?? openShardPass({ ...weights!, isHashed })));
      },
      complete: (stated) => completeFacts(folder, { settings, tokenizer: text.tokenizer, warnings }, stated),
      identity: () => identifyFiles(folder, files, { commit, knownSha256, stream }),
      async provenance(given = {}): Promise<Provenance> {
        return { source, commit, files: await describeFiles(folder, files, { knownSha256, ...given }), tool: TOOL };
      },
      close: () => (closing ??= reader.close()),
    };
  } catch (error) {
    await bare.close();
    throw error;
  }
}

/** What was lost when the weights were quantized stays lost. */
function quantizedWarning(folder: string, config: JsonObject): string {
  const original = originalModel({ name: folder, config });
  const better = original === null ? 'the model that it was made from is' : `${original}, which it was made from, is`;
  return `${folder}: its weights were quantized (${quantizationOf(config)}) before they came here, at a loss; ${better} better`;
}

function notStreamed(name: string): ToolkitError {
  return new ToolkitError('INVALID_ARGUMENT', `${name}: holds quantized weights, expected plain ones for --stream`, {
    suggestions: ['quantized weights are read from a copy: leave out --stream'],
  });
}

/** Refuses weights in other files by name, before a tokenizer is read for them. */
async function checkWeightFiles(folder: string, signal: AbortSignal | undefined): Promise<void> {
  const entries = await listFolder(folder).catch(() => null);
  if (entries === null || entries.some(({ name }) => name === SINGLE_FILE || name === PYTORCH_FILE)) return;
  const refusal = await incompleteness(folder, signal);
  if (refusal !== null) throw refusal;
}

/** What a source holds, to which nothing can be stated. @throws ToolkitError `INVALID_ARGUMENT` */
export function completeFacts(
  folder: string,
  held: CompletedFacts,
  { settings, tokenizer }: StatedFacts,
): CompletedFacts {
  if (settings === undefined && tokenizer === undefined) return held;
  const message = `${folder}: settings or a tokenizer are given, which are for a .bin file that holds none`;
  throw new ToolkitError('INVALID_ARGUMENT', message, {
    suggestions: ['the folder has its own: leave out --rope-theta, --rope-scaling and --tokenizer'],
  });
}
