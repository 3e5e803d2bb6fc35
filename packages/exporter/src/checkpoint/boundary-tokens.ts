// Finds out which tokens begin and end a text: several files of a checkpoint may name them.

import { equalBytes, isObject, type JsonObject } from '@llama-ts/base';
import type { BoundaryTokens, EndTokenSource, TokenizerData } from '@llama-ts/format';
import { type AroundText, readPostProcessor } from '../tokenizer/post-processor.js';
import type { FolderTokens } from '../tokenizer/read-tokenizer.js';

/** The settings of a checkpoint that name its boundary tokens. */
export interface BoundaryFacts {
  readonly config: Pick<BoundaryTokens, 'bosId' | 'eosIds'>;
  /** End tokens of generation_config.json. */
  readonly generationEosIds: readonly number[];
  readonly text: FolderTokens;
  /** Path of tokenizer.json, for messages. */
  readonly tokenizerPath: string;
}

/** Boundary tokens, and which files name the end tokens. */
export interface FoundBoundaries {
  readonly boundaries: BoundaryTokens;
  readonly eosSources: readonly EndTokenSource[];
}

/**
 * End tokens are all that any file names. The tokens put before and after a text are those of transformers: what
 * tokenizer_config.json's `add_bos_token` and `add_eos_token` say, else what tokenizer.json's post-processor does.
 *
 * @throws ToolkitError `BAD_TOKENIZER`
 */
export function findBoundaries(facts: BoundaryFacts): FoundBoundaries {
  const { tokenizer, config: tokenizerConfig, specialTokensMap } = facts.text;
  const tokenNamed = (value: unknown): number[] => idOf(tokenizer, value);
  const eosSources = collect([
    ['generation_config.json', facts.generationEosIds],
    ['config.json', facts.config.eosIds],
    ['tokenizer_config.json', tokenNamed(tokenizerConfig?.eos_token)],
    ['special_tokens_map.json', tokenNamed(specialTokensMap?.eos_token)],
  ]);
  const [tokenizerBos] = tokenNamed(tokenizerConfig?.bos_token ?? specialTokensMap?.bos_token);
  const [tokenizerEos] = tokenNamed(tokenizerConfig?.eos_token ?? specialTokensMap?.eos_token);
  const around = aroundText(facts);
  const prefix = added(tokenizerConfig, 'add_bos_token', tokenizerBos) ?? around?.prefix;
  const suffix = added(tokenizerConfig, 'add_eos_token', tokenizerEos) ?? around?.suffix ?? [];
  const bosId = prefix?.[0] ?? tokenizerBos ?? facts.config.bosId;
  const isUsual = prefix === undefined || String(prefix) === String(bosId === null ? [] : [bosId]);
  return {
    boundaries: {
      bosId,
      eosIds: eosSources.map(({ id }) => id),
      ...(isUsual ? {} : { prefixIds: prefix }),
      ...(suffix.length === 0 ? {} : { suffixIds: suffix }),
    },
    eosSources,
  };
}

/** undefined where no tokenizer.json says it. */
function aroundText({ text, tokenizerPath }: BoundaryFacts): AroundText | undefined {
  const { tokenizer, postProcessor } = text;
  if (tokenizer === null || postProcessor === undefined) return undefined;
  return readPostProcessor(postProcessor, tokenizer.nTokens, tokenizerPath);
}

/** The value of an `add_…_token`; undefined where it is absent. */
function added(config: JsonObject | null, field: string, id: number | undefined): readonly number[] | undefined {
  if (config?.[field] === false) return [];
  return config?.[field] === true && id !== undefined ? [id] : undefined;
}

/** Each id once, in the order of the files. */
function collect(named: readonly (readonly [file: string, ids: readonly number[]])[]): EndTokenSource[] {
  const files = new Map<number, string[]>();
  for (const [file, ids] of named) {
    for (const id of new Set(ids)) files.set(id, [...(files.get(id) ?? []), file]);
  }
  return [...files].map(([id, sources]) => ({ id, sources }));
}

/** Id of a token that is named as text or as an object with its content; none for other values. */
function idOf(tokenizer: TokenizerData | null, value: unknown): number[] {
  const name = isObject(value) ? value.content : value;
  if (tokenizer === null || typeof name !== 'string' || name === '') return [];
  const token = [...tokenizer.specialTokens, ...(tokenizer.addedTokens ?? [])].find((token) => token.name === name);
  if (token !== undefined) return [token.id];
  const bytes = new TextEncoder().encode(name);
  const { tokenBytes, tokenOffsets, nTokens } = tokenizer;
  for (let id = 0; id < nTokens; id++) {
    if (equalBytes(bytes, tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1]))) return [id];
  }
  return [];
}
