// Options of openModel, and the kinds of their values.

import type { BoundaryTokens, ForwardSettings, TokenizerData } from '@llama-ts/format';
import type { BackendName, ForcedTuning } from '@llama-ts/kernels';
import type { OptionKind, TableOf } from '../options/check-options.js';
import { aBoolean, aNumber, anObject, aSignal, aString, count, either, ids, oneOf } from '../options/option-kinds.js';
import { type CacheType, cacheTypes } from '../pass/cache-type.js';

/** Default context length: 131,072 positions of Llama 3.2 1B would take 8 GiB. */
export const DEFAULT_CONTEXT = 4096;

/** Options of {@link openModel}. */
export interface OpenModelOptions {
  /** Positions of the context; default the smaller of the model's and {@link DEFAULT_CONTEXT}. */
  readonly context?: number;
  /** Type of the values in KV caches: `f32` (default), or `f16` in half the memory, rounded as docs/arithmetic.md says. */
  readonly cacheType?: CacheType;
  readonly backend?: BackendName;
  /** Threads that compute, 1 to 256; default one per core. */
  readonly threads?: number;
  /** Choices of the kernels in place of those for this CPU or engine, for measurements. They change no bit. */
  readonly tuning?: ForcedTuning;
  /** A folder for files that can be made again, in which the kernels keep what they measured of this CPU. */
  readonly cacheFolder?: string;
  /** false reads the weights into memory instead of mapping the file. */
  readonly map?: boolean;
  /** Used if the file holds none. */
  readonly tokenizer?: TokenizerData;
  /** Jinja source, used instead of the file's chat template. */
  readonly chatTemplate?: string;
  /** Override what the file says or what is assumed. */
  readonly settings?: Partial<ForwardSettings & BoundaryTokens>;
  readonly signal?: AbortSignal;
}

const aNull: OptionKind = { expected: 'null', accepts: (value) => value === null };
const aboveZero: OptionKind = {
  expected: 'a number above 0',
  accepts: (value) => Number.isFinite(value) && (value as number) > 0,
};
const scalingFields = ['factor', 'lowFreqFactor', 'highFreqFactor', 'originalMaxPositionEmbeddings'];

/** Kinds of the option `settings`. */
export const settingsTable: TableOf<ForwardSettings & BoundaryTokens> = {
  ropeTheta: aboveZero,
  ropeScaling: {
    expected: `null or an object with ${scalingFields.join(', ')}, numbers above 0`,
    accepts: (value) =>
      value === null ||
      (anObject.accepts(value) &&
        scalingFields.every((name) => aboveZero.accepts((value as Record<string, unknown>)[name]))),
  },
  normEpsilon: aboveZero,
  bosId: either(count, aNull),
  eosIds: ids,
  prefixIds: ids,
  suffixIds: ids,
};

/** Kinds of {@link OpenModelOptions}. */
export const openModelOptions: TableOf<OpenModelOptions> = {
  context: aNumber,
  cacheType: oneOf(cacheTypes),
  backend: aString,
  threads: aNumber,
  tuning: anObject,
  cacheFolder: aString,
  map: aBoolean,
  tokenizer: anObject,
  chatTemplate: aString,
  settings: anObject,
  signal: aSignal,
};
