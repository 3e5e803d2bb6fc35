// The settings of a model as plain data: what inspect tells of any source.

import {
  countUsedTokens,
  type EndTokenSource,
  type ForwardSettings,
  type GenerationDefaults,
  type TemplateFacts,
  type TokenizerData,
} from '@llama-ts/format';
import type { CompleteFacts } from './source/model-source.js';

/** A tokenizer in numbers. */
export interface TokenizerDescription {
  readonly splitPattern: string;
  /** Ids of the vocabulary, those of special and unused tokens included. */
  readonly nTokens: number;
  /** null when merges follow from the ids. */
  readonly nMerges: number | null;
  /** Special tokens. */
  readonly nSpecialTokens: number;
  /** Added tokens that are not special. */
  readonly nAddedTokens: number;
  /** Ids from here on are unused. */
  readonly nUsedTokens: number;
}

/** The settings of a model file. */
export interface ModelSummary extends ForwardSettings {
  /** Id of the begin-of-text token; null for a model without one. */
  readonly bosId: number | null;
  readonly eosIds: readonly number[];
  /** Where the end tokens come from; files of older versions do not say it, so that `sources` may be empty. */
  readonly eosSources: readonly EndTokenSource[];
  readonly generation: GenerationDefaults;
  readonly tokenizer: TokenizerDescription | null;
  readonly hasChatTemplate: boolean;
  /** Names of other chat templates, such as `tool_use`; one is chosen by `--template-name`. */
  readonly namedTemplates: readonly string[];
}

/** The facts that decide which token a template ends an answer with. */
export interface TemplateEnd {
  readonly templateTokens: TemplateFacts['templateTokens'];
  readonly chatTemplate: string;
  readonly bosId: number | null;
}

/** Options of `summarize`. */
export interface SummaryOptions {
  /** Finds the token that a chat template ends an answer with: `templateEndToken` of the runtime; default none. */
  readonly findTurnEnd?: (tokenizer: TokenizerData, end: TemplateEnd) => number | null;
}

/** The settings of a model. */
export function summarize(model: CompleteFacts, { findTurnEnd }: SummaryOptions): ModelSummary {
  const { settings, generation, tokenizer, chatTemplate, templateTokens, namedTemplates = {} } = model;
  const { ropeTheta, ropeScaling, normEpsilon, bosId } = settings;
  const turnEnd =
    tokenizer === null || chatTemplate === null
      ? null
      : (findTurnEnd?.(tokenizer, { chatTemplate, templateTokens, bosId }) ?? null);
  const eosSources = withTurnEnd(model, turnEnd);
  return {
    ropeTheta,
    ropeScaling,
    normEpsilon,
    bosId,
    eosIds: eosSources.map(({ id }) => id),
    eosSources,
    generation,
    tokenizer: tokenizer && {
      splitPattern: tokenizer.splitPattern,
      nTokens: tokenizer.nTokens,
      nUsedTokens: countUsedTokens(tokenizer),
      nMerges: tokenizer.merges && tokenizer.merges.length / 2,
      nSpecialTokens: tokenizer.specialTokens.length,
      nAddedTokens: tokenizer.addedTokens?.length ?? 0,
    },
    hasChatTemplate: chatTemplate !== null,
    namedTemplates: Object.keys(namedTemplates),
  };
}

/** End tokens of the files and of the template; a file of an older version names none of its sources. */
function withTurnEnd({ settings, eosSources }: CompleteFacts, turnEnd: number | null): readonly EndTokenSource[] {
  const named = eosSources ?? settings.eosIds.map((id) => ({ id, sources: [] }));
  if (turnEnd === null || turnEnd === settings.bosId) return named;
  const isNamed = named.some(({ id }) => id === turnEnd);
  const all = isNamed ? named : [...named, { id: turnEnd, sources: [] }];
  return all.map(({ id, sources }) => ({ id, sources: id === turnEnd ? [...sources, 'chat template'] : sources }));
}
