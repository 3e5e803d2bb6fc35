// The tokens of an evaluation. Two models can be compared only if their tokens are the same.

import { equalBytes, ToolkitError } from '@llama-ts/base';
import { promptPrefix } from '@llama-ts/format';
import type { Model, Tokenizer } from '@llama-ts/runtime';

/** The tokens that the models predict. */
export interface EvalTokens {
  /** Tokens of the text, without begin-of-text token. */
  readonly ids: readonly number[];
  /** Put before each window; null when the models have none. */
  readonly bosId: number | null;
  /** null when neither model has one. */
  readonly tokenizer: Tokenizer | null;
}

/** The error for model `index` of several, which differs from the baseline in what the words say. */
export type RefuseTokenizer = (what: string, index: number) => ToolkitError;

/**
 * Encodes a text for models and their baseline, after checking that their vocabularies are the same, token for token.
 *
 * @param text or token ids
 * @throws ToolkitError `DIFFERENT_TOKENIZERS` (or what `refuse` makes), `NO_TOKENIZER`, `BAD_TOKEN_ID`
 */
export function evalTokens(
  models: readonly [Model, ...Model[]],
  baseline: Model | null,
  text: string | readonly number[],
  refuse: RefuseTokenizer = different,
): EvalTokens {
  if (baseline !== null) checkVocabularies(models, baseline, refuse);
  const all = baseline === null ? models : [...models, baseline];
  const tokenizer = firstOf(all, (model) => model.tokenizer);
  const bosId = firstOf(all, beginOf);
  if (typeof text !== 'string') {
    const { vocabSize } = models[0].header.dimensions;
    const stray = text.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
    if (stray !== undefined) throw new ToolkitError('BAD_TOKEN_ID', `token ${stray}, expected 0 to ${vocabSize - 1}`);
    return { ids: text, bosId, tokenizer };
  }
  if (tokenizer === null) {
    throw new ToolkitError('NO_TOKENIZER', 'no model file holds a tokenizer, expected one to encode the text with', {
      suggestions: ['give the tokenizer.bin of this model: --tokenizer TOKENIZER.bin'],
    });
  }
  const ids = (baseline?.tokenizer ?? tokenizer).encode(text);
  for (const [i, model] of models.entries()) {
    if (model.tokenizer === null || model.tokenizer === (baseline?.tokenizer ?? tokenizer)) continue;
    // Equal tokens may still be merged in another order.
    const others = model.tokenizer.encode(text);
    const at = ids.findIndex((id, place) => id !== others[place]);
    if (at >= 0 || ids.length !== others.length) {
      throw refuse(`token ${at < 0 ? Math.min(ids.length, others.length) : at} of the text`, i);
    }
  }
  return { ids, bosId, tokenizer };
}

/** @throws ToolkitError `DIFFERENT_TOKENIZERS` (or what `refuse` makes) unless every model has the baseline's tokens */
export function checkVocabularies(
  models: readonly Model[],
  baseline: Model,
  refuse: RefuseTokenizer = different,
): void {
  for (const [i, model] of models.entries()) {
    const difference = vocabularyDifference(model, baseline);
    if (difference !== null) throw refuse(difference, i);
  }
}

/** What the vocabularies of two models differ in; null for nothing. */
function vocabularyDifference(model: Model, baseline: Model): string | null {
  const [nTokens, nBaseline] = [model.header.dimensions.vocabSize, baseline.header.dimensions.vocabSize];
  if (nTokens !== nBaseline) return `${nTokens} and ${nBaseline} tokens`;
  const [bosId, baselineBosId] = [beginOf(model), beginOf(baseline)];
  if (bosId !== null && baselineBosId !== null && bosId !== baselineBosId) {
    return `begin-of-text tokens ${bosId} and ${baselineBosId}`;
  }
  const [tokenizer, other] = [model.tokenizer, baseline.tokenizer];
  if (tokenizer === null || other === null) return null;
  for (let id = 0; id < nTokens; id++) {
    if (!equalBytes(tokenizer.tokenBytes(id), other.tokenBytes(id))) return `token ${id}`;
  }
  return null;
}

/** The first value of `of` over the models that is not null; null if all are. */
function firstOf<T>(models: readonly Model[], of: (model: Model) => T | null): T | null {
  return models.map(of).find((found) => found !== null) ?? null;
}

/** The token that a model's tokenizer puts before a text, if it does. */
function beginOf({ settings }: Model): number | null {
  return promptPrefix(settings)[0] ?? null;
}

function different(what: string): ToolkitError {
  return new ToolkitError(
    'DIFFERENT_TOKENIZERS',
    `the model and its baseline differ in ${what}, expected the same tokenizer: only then can their predictions be compared`,
    {
      suggestions: [
        'compare it with an export of the same checkpoint: --baseline BASELINE.bin',
        'leave out --baseline',
      ],
    },
  );
}
