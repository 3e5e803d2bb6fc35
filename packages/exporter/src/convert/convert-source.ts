// What a conversion starts from: an open checkpoint or a .bin file of any version, seen as one kind of thing.

import { basename, join } from 'node:path';
import {
  assumedSettings,
  type BinFile,
  type BinTensor,
  type BinVersion,
  type BoundaryTokens,
  type ByteSource,
  exportAgain,
  type ForwardSettings,
  type GenerationDefaults,
  layout,
  type ModelDimensions,
  type TemplateFacts,
  type TokenizerData,
  ToolkitError,
  templateFacts,
} from '@llama-ts/format';
import { checkpointSource } from '../checkpoint/checkpoint-source.js';
import { NO_GENERATION_DEFAULTS } from '../checkpoint/generation-config.js';
import type { Checkpoint } from '../checkpoint/open-checkpoint.js';
import { passSource } from '../checkpoint/pass-source.js';
import { identifyFile } from '../files/identify-file.js';
import type { WeightSource } from '../output/weight-source.js';
import { type FloatType, soleType } from './weight-types.js';

/** A model but for its weights. */
export interface ModelFacts extends TemplateFacts {
  readonly dimensions: ModelDimensions;
  readonly settings: ForwardSettings & BoundaryTokens;
  readonly generation: GenerationDefaults;
  readonly tokenizer: TokenizerData | null;
  readonly chatTemplate: string | null;
  /** Repository id, or a name from the file or folder. */
  readonly modelName: string;
}

/** A model to convert. */
export interface ConvertSource extends ModelFacts {
  readonly weights: WeightSource;
  /** The one type the weights are stored in; null where several are, or where float32 may hold values of a smaller. */
  readonly storedType: FloatType | null;
  /** Files that must not be written over. */
  readonly inputs: readonly string[];
  readonly warnings: readonly string[];
  /** Whether the weights pass by once, so that they cannot be looked at before they are written. */
  readonly isStream: boolean;
  /** Changes when a file of the source does. */
  identity(): Promise<string>;
  /**
   * To be called once the weights are read: lets the rest of a stream pass by. Does nothing for files.
   *
   * @throws ToolkitError `HUB_CORRUPT` when the stream was not what the hub lists
   */
  finish(signal?: AbortSignal): Promise<void>;
}

/** What the caller knows about a .bin file that holds no trailer. */
export interface PlainFileKnowledge {
  /** Take the place of what is recognised from the dimensions. */
  readonly settings?: Partial<ForwardSettings & BoundaryTokens> | undefined;
  readonly tokenizer?: TokenizerData | undefined;
}

/** A checkpoint to convert. */
export function fromCheckpoint(checkpoint: Checkpoint): ConvertSource {
  const { dimensions, settings, generation, tokenizer, chatTemplate, source, warnings } = checkpoint;
  const { stream } = checkpoint;
  const weights = stream === null ? checkpointSource(checkpoint) : passSource(checkpoint, stream);
  const storedType = soleType(modelTensors(dimensions).map((tensor) => weights.dtypeOf(tensor)));
  const inputs = checkpoint.files.map((path) => join(checkpoint.folder, path));
  return {
    ...{ dimensions, settings, generation, tokenizer, chatTemplate, weights, storedType, inputs, warnings },
    ...templateFacts(checkpoint),
    modelName: source,
    isStream: stream !== null,
    identity: () => checkpoint.identity(),
    async finish(signal) {
      await stream?.finish(signal);
    },
  };
}

/**
 * A .bin file to convert.
 *
 * @param weights rows of the file
 * @throws ToolkitError `SETTINGS_UNKNOWN` for a plain file of a model that is not recognised; `INVALID_ARGUMENT` where the
 *   file holds what the caller states; `BAD_TOKENIZER`
 */
export function fromBin(
  { name }: ByteSource,
  bin: BinFile,
  weights: WeightSource,
  known: PlainFileKnowledge,
): ConvertSource {
  checkUnstated(name, bin, known);
  const { dimensions } = bin.header;
  const description = bin.trailer?.description;
  const tokenizer = bin.trailer?.tokenizer ?? known.tokenizer ?? null;
  if (tokenizer !== null && tokenizer.nTokens !== dimensions.vocabSize) {
    const message = `${name}: tokenizer of ${tokenizer.nTokens} tokens, expected ${dimensions.vocabSize}, the vocabulary`;
    throw new ToolkitError('BAD_TOKENIZER', message, {
      suggestions: ['name the one of this model: --tokenizer TOKENIZER.bin'],
    });
  }
  return {
    dimensions,
    settings: description ?? plainSettings(dimensions, known, name),
    generation: description?.generation ?? NO_GENERATION_DEFAULTS,
    tokenizer,
    chatTemplate: description?.chatTemplate ?? null,
    ...templateFacts(description ?? {}),
    modelName: description?.provenance.source ?? basename(name).replace(/\.bin$/, ''),
    weights,
    storedType: bin.layout.tensors.some(({ encoding }) => encoding.isQuantized) ? 'F32' : null,
    inputs: [name],
    warnings: [
      ...(description === undefined ? [plainWarning(dimensions, known, name)] : []),
      ...(tokenizer === null ? [`${name}: holds no tokenizer; the output will hold none`] : []),
    ],
    isStream: false,
    identity: () => identifyFile(name),
    finish: () => Promise.resolve(),
  };
}

/** Every tensor of a model, layer by layer; names, kinds and shapes are those of a .bin file, places are not. */
export function modelTensors(dimensions: ModelDimensions): BinTensor[] {
  const version: BinVersion = 1;
  const { tensors } = layout({ version, dimensions, groupSize: null });
  const layerOf = ({ kind, layer }: BinTensor): number =>
    layer ?? (kind === 'embedding' ? -1 : kind === 'finalNorm' ? dimensions.nLayers : dimensions.nLayers + 1);
  return [...tensors].sort((a, b) => layerOf(a) - layerOf(b));
}

/** What a file says of itself wins, so that stating it is a mistake. */
function checkUnstated(name: string, { trailer }: BinFile, { settings, tokenizer }: PlainFileKnowledge): void {
  const stated = [
    ...(trailer !== null && settings !== undefined ? ['RoPE settings'] : []),
    ...(trailer?.tokenizer && tokenizer !== undefined ? ['a tokenizer'] : []),
  ];
  if (stated.length === 0) return;
  const message = `${name}: holds ${stated.join(' and ')}, expected none to be stated beside it`;
  throw new ToolkitError('INVALID_ARGUMENT', message, {
    suggestions: ['leave out --rope-theta, --rope-scaling and --tokenizer'],
  });
}

function plainSettings(
  dimensions: ModelDimensions,
  { settings = {} }: PlainFileKnowledge,
  name: string,
): ForwardSettings & BoundaryTokens {
  const { ropeTheta, ropeScaling, normEpsilon, bosId, eosIds } = { ...assumedSettings(dimensions), ...settings };
  if (ropeTheta === undefined || ropeScaling === undefined) {
    const { dim, nLayers, vocabSize } = dimensions;
    const model = `a plain file of dim ${dim}, ${nLayers} layers and ${vocabSize} tokens is no published Llama 3 model`;
    throw new ToolkitError('SETTINGS_UNKNOWN', `${name}: ${model}, and it does not hold the RoPE base and scaling`, {
      suggestions: [
        'state them: --rope-theta 500000 --rope-scaling none',
        `export it again, with what the file lacks: ${exportAgain(name)}`,
      ],
    });
  }
  return { ropeTheta, ropeScaling, normEpsilon: normEpsilon ?? 1e-5, bosId: bosId ?? null, eosIds: eosIds ?? [] };
}

function plainWarning(dimensions: ModelDimensions, known: PlainFileKnowledge, name: string): string {
  const { ropeTheta, ropeScaling } = plainSettings(dimensions, known, name);
  const scaling = ropeScaling === null ? 'no scaling' : `llama3 scaling by ${ropeScaling.factor}`;
  return `${name}: holds no settings; taken for granted: RoPE base ${ropeTheta} with ${scaling}`;
}
