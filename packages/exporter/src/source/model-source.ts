// A model to read: a .bin file, a GGUF file, a checkpoint's folder or a repository of the hub, seen as one kind of thing.

import { joinPath } from '@llama-ts/base';
import type {
  BoundaryTokens,
  EndTokenSource,
  ForwardSettings,
  GenerationDefaults,
  ModelDimensions,
  Provenance,
  SourceFile,
  TemplateFacts,
  TokenizerData,
} from '@llama-ts/format';
import type { SourceDtype } from '@llama-ts/kernels';
import type { TensorDescription } from '../tensor-description.js';
import type { WeightPass, WeightRows } from '../weights/weight-rows.js';

/** Settings of the forward pass besides the dimensions, and the tokens that begin and end a text. */
export type ModelSettings = ForwardSettings & BoundaryTokens;

/** A model without its weights. */
export interface ModelFacts extends TemplateFacts {
  readonly dimensions: ModelDimensions;
  /** null where the source does not hold them: a .bin file without a trailer. */
  readonly settings: ModelSettings | null;
  /** Which files name the end tokens; undefined where the source does not say it. */
  readonly eosSources?: readonly EndTokenSource[] | undefined;
  readonly generation: GenerationDefaults;
  /** null for a model without one. */
  readonly tokenizer: TokenizerData | null;
  /** Jinja source; null for a model without one. */
  readonly chatTemplate: string | null;
  /** Repository id, or a name from the file or folder. */
  readonly modelName: string;
}

/** The facts of a model whose settings are known. */
export interface CompleteFacts extends ModelFacts {
  readonly settings: ModelSettings;
}

/** Facts that the source does not hold and the caller states. */
export interface StatedFacts {
  /** Take the place of what is recognised from the dimensions. */
  readonly settings?: Partial<ModelSettings> | undefined;
  readonly tokenizer?: TokenizerData | undefined;
}

/** Options that complete the facts of a source. */
export interface CompletedFacts extends Pick<CompleteFacts, 'settings' | 'tokenizer'> {
  /** The source's warnings, and the assumptions that were made. */
  readonly warnings: readonly string[];
}

/** Options of {@link ModelSource.provenance}. */
export interface ProvenanceOptions {
  /** Files that a pass has hashed. */
  readonly passed?: readonly SourceFile[];
  readonly signal?: AbortSignal | undefined;
}

/** A model, open and checked. */
export interface ModelSource extends ModelFacts {
  /** The kind of thing that holds it, as results name it. */
  readonly kind: 'bin' | 'checkpoint' | 'gguf';
  /** The name that results use: the path of a file, a repository's id, the name of a folder. */
  readonly name: string;
  /** Resolved commit of a repository; else null. */
  readonly commit: string | null;
  /** Where its files are. */
  readonly folder: string;
  /** Files it is read from, relative to the folder; a stream's weights are not there. */
  readonly files: readonly string[];
  /** Paths of files in other folders that it is read from too, such as those of adapters; default none. */
  readonly otherPaths?: readonly string[] | undefined;
  /** Unusual but harmless findings, one sentence each. */
  readonly warnings: readonly string[];
  /** Tensors as they are stored. */
  readonly tensors: readonly TensorDescription[];
  /** The one type that its weights are stored in; null where several are, or where float32 may hold values of a smaller. */
  readonly storedType: SourceDtype | null;
  /** Whether any of its weights are quantized. */
  readonly isQuantized: boolean;
  /** Whether the weights stay at the hub and can be read once only, by {@link ModelSource.pass}. */
  readonly isStream: boolean;
  /** Rows of its tensors, in any order of tensors. */
  readonly weights: WeightRows;
  /**
   * Starts a reading of all weights in the order that suits the source.
   *
   * @param options.digests whether `finish` is to tell the digests of the files, which are then hashed on the way
   */
  pass(options: { readonly digests: boolean }): WeightPass;
  /**
   * Settings and tokenizer for a format that must hold them.
   *
   * @throws ToolkitError `INVALID_ARGUMENT` where the source holds what the caller states; `SETTINGS_UNKNOWN` for a plain
   *   .bin of a model that is not recognised; `BAD_TOKENIZER` for one of another vocabulary
   */
  complete(stated: StatedFacts): CompletedFacts;
  /** Changes when one of its files does. */
  identity(): Promise<string>;
  /** Provenance for a trailer; null for a source that does not know it. */
  provenance(options?: ProvenanceOptions): Promise<Provenance | null>;
  /** May be called more than once. */
  close(): Promise<void>;
}

/** A source that holds the settings of its model. */
export interface CompleteSource extends ModelSource {
  readonly settings: ModelSettings;
}

/** Paths of a source's files: what must not be written over. */
export function pathsOf({
  folder,
  files,
  otherPaths = [],
}: Pick<ModelSource, 'folder' | 'files' | 'otherPaths'>): string[] {
  return [...files.map((path) => joinPath(folder, path)), ...otherPaths];
}
