// Puts a source together of Meta's files or llama2.c's checkpoint, once they are open.

import { TOOL } from '@llama-ts/base';
import {
  type EndTokenSource,
  layout,
  type ModelDimensions,
  type Provenance,
  type TokenizerData,
  templateFacts,
  tensorName,
} from '@llama-ts/format';
import { NO_GENERATION_DEFAULTS } from '../checkpoint/generation-config.js';
import { completeFacts } from '../checkpoint/open-checkpoint.js';
import { describeFiles, identifyFiles } from '../checkpoint/source-files.js';
import { soleDtype } from '../checkpoint/tensor-names.js';
import type { CompleteSource } from '../source/model-source.js';
import { unusualTokens } from '../tokenizer/chat-templates.js';
import type { FolderTokenizer } from '../tokenizer/read-tokenizer.js';
import { checkCopies, dimensionsOf, joinShards, type MetaShard } from './join-shards.js';
import { areEqual, joinedPass, joinedRows } from './joined-rows.js';
import type { MetaSettings } from './known-sizes.js';

/** What begins a text, and what ends one: of a text, of a message with a tool call, of a turn. */
const BEGIN = '<|begin_of_text|>';
const ENDS = ['<|end_of_text|>', '<|eom_id|>', '<|eot_id|>'] as const;

/** Open files, and what is known of their model. */
export interface MetaModel {
  readonly folder: string;
  /** The model's name in results. */
  readonly name: string;
  readonly params: MetaSettings;
  readonly shards: readonly MetaShard[];
  /** Files besides the shards, relative to the folder. */
  readonly files: readonly string[];
  /** Reads the tokenizer beside the weights, for a vocabulary. */
  readonly readText: (vocabSize: number) => Promise<FolderTokenizer>;
  readonly signal: AbortSignal | undefined;
}

/** @throws ToolkitError what joinShards, checkCopies and reading the tokenizer throw */
export async function openMetaModel(model: MetaModel): Promise<CompleteSource> {
  const { folder, name, params, shards, signal } = model;
  const sizes = dimensionsOf(params, shards, folder);
  const joined = joinShards(shards, sizes, folder);
  await checkCopies(shards, joined, folder, signal);
  const tensors = { shards, joined, name: folder };
  const weights = joinedRows(tensors);
  const dimensions = { ...sizes, sharedClassifier: await isShared(sizes, joined.has(classifier), weights, signal) };
  const text = await model.readText(dimensions.vocabSize);
  const { bosId, eosSources } = boundariesOf(text.tokenizer);
  const settings = {
    ropeTheta: params.ropeTheta,
    ropeScaling: params.ropeScaling,
    normEpsilon: params.normEpsilon,
    bosId,
    eosIds: eosSources.map(({ id }) => id),
  };
  const files = [...model.files, ...text.files, ...shards.map(({ path }) => path)];
  const { warnings } = text;
  const known = { commit: null, knownSha256: new Map<string, string>(), stream: null };
  let closing: Promise<void> | undefined;
  return {
    kind: 'checkpoint',
    name,
    commit: null,
    folder,
    files,
    warnings,
    dimensions,
    settings,
    eosSources,
    generation: NO_GENERATION_DEFAULTS,
    tokenizer: text.tokenizer,
    chatTemplate: text.chatTemplate,
    ...templateFacts({ ...text, templateTokens: unusualTokens(text, bosId) }),
    modelName: name,
    tensors: shards.flatMap(({ path, file }) =>
      [...file.tensors.values()].map((tensor) => ({ ...tensor, file: path })),
    ),
    storedType: soleDtype(
      [...joined].filter(([key]) => key !== classifier || !dimensions.sharedClassifier).map(([, { dtype }]) => dtype),
    ),
    isQuantized: false,
    isStream: false,
    weights,
    pass: ({ digests }) => joinedPass(tensors, () => digests),
    complete(given) {
      const { tokenizer } = text;
      if (tokenizer !== null || given.tokenizer === undefined || given.settings !== undefined) {
        return completeFacts(folder, { settings, tokenizer, warnings }, given);
      }
      return { settings, tokenizer: given.tokenizer, warnings };
    },
    identity: () => identifyFiles(folder, files, known),
    async provenance(given = {}): Promise<Provenance> {
      return {
        source: name,
        commit: null,
        files: await describeFiles(folder, files, { ...known, ...given }),
        tool: TOOL,
      };
    },
    close: () => (closing ??= Promise.all(shards.map(({ file }) => file.close())).then(() => undefined)),
  };
}

const classifier = tensorName('classifier', null);

/** Whether the classifier is the embedding: Meta's files hold it twice. */
async function isShared(
  sizes: Omit<ModelDimensions, 'sharedClassifier'>,
  hasClassifier: boolean,
  weights: CompleteSource['weights'],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (!hasClassifier) return true;
  const { tensors } = layout({ version: 1, dimensions: { ...sizes, sharedClassifier: false }, groupSize: null });
  const [first] = tensors.filter(({ kind }) => kind === 'embedding');
  const [second] = tensors.filter(({ kind }) => kind === 'classifier');
  return areEqual(weights, [first!, second!], signal);
}

/** Meta's tokenizer names its special tokens in code: every model of the family begins and ends alike. */
function boundariesOf(tokenizer: TokenizerData | null): {
  bosId: number | null;
  eosSources: readonly EndTokenSource[];
} {
  const idOf = (token: string): number | undefined => tokenizer?.specialTokens.find(({ name }) => name === token)?.id;
  const ids = ENDS.flatMap((token) => idOf(token) ?? []);
  return { bosId: idOf(BEGIN) ?? null, eosSources: ids.map((id) => ({ id, sources: ['tokenizer.model'] })) };
}
