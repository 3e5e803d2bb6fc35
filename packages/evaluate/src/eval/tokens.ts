// The tokens of an evaluation, which two models can be compared on only when both mean the same by them.

import { equalBytes, promptPrefix, ToolkitError } from '@llama-ts/format';
import type { Model, Tokenizer } from '@llama-ts/runtime';

/** What goes through the models. */
export interface EvalTokens {
  /** Of the text, without begin-of-text token. */
  readonly ids: readonly number[];
  /** Put before each window; null when the models have none. */
  readonly bosId: number | null;
  /** null when neither model has one. */
  readonly tokenizer: Tokenizer | null;
}

/**
 * Encodes a text for one model or for two, after checking that their vocabularies are the same, token for token.
 *
 * @param text or token ids
 * @throws ToolkitError `DIFFERENT_TOKENIZERS`, `NO_TOKENIZER`, `BAD_TOKEN_ID`
 */
export function evalTokens(model: Model, baseline: Model | null, text: string | readonly number[]): EvalTokens {
  if (baseline !== null) checkVocabularies(model, baseline);
  const tokenizer = model.tokenizer ?? baseline?.tokenizer ?? null;
  const bosId = beginOf(model) ?? (baseline === null ? null : beginOf(baseline));
  if (typeof text !== 'string') {
    const { vocabSize } = model.header.dimensions;
    const stray = text.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
    if (stray !== undefined) throw new ToolkitError('BAD_TOKEN_ID', `token ${stray}, expected 0 to ${vocabSize - 1}`);
    return { ids: text, bosId, tokenizer };
  }
  if (tokenizer === null) {
    throw new ToolkitError('NO_TOKENIZER', 'no model file holds a tokenizer, expected one to encode the text with', {
      suggestions: ['give the tokenizer.bin of this model: --tokenizer TOKENIZER.bin'],
    });
  }
  const ids = tokenizer.encode(text);
  const others = baseline?.tokenizer?.encode(text) ?? ids;
  // Equal tokens may still be merged in another order.
  const at = ids.findIndex((id, i) => id !== others[i]);
  if (at >= 0 || ids.length !== others.length) {
    throw different(`token ${at < 0 ? Math.min(ids.length, others.length) : at} of the text`);
  }
  return { ids, bosId, tokenizer };
}

function checkVocabularies(model: Model, baseline: Model): void {
  const [nTokens, nBaseline] = [model.header.dimensions.vocabSize, baseline.header.dimensions.vocabSize];
  if (nTokens !== nBaseline) throw different(`${nTokens} and ${nBaseline} tokens`);
  const [bosId, baselineBosId] = [beginOf(model), beginOf(baseline)];
  if (bosId !== null && baselineBosId !== null && bosId !== baselineBosId) {
    throw different(`begin-of-text tokens ${bosId} and ${baselineBosId}`);
  }
  const [tokenizer, other] = [model.tokenizer, baseline.tokenizer];
  if (tokenizer === null || other === null) return;
  for (let id = 0; id < nTokens; id++) {
    if (!equalBytes(tokenizer.tokenBytes(id), other.tokenBytes(id))) throw different(`token ${id}`);
  }
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
