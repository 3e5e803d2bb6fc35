// Checks the prompt and the stops of an answer against the model: what the types of the options alone cannot tell.

import { shellQuote, ToolkitError } from '@llama-ts/base';
import type { Model } from '../model/model.js';
import { describe } from '../options/check-options.js';
import { contextRemedies } from '../options/context-remedies.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { AnswerOptions } from './answer-options.js';

/**
 * Refuses a prompt that the model cannot read.
 *
 * @throws ToolkitError `INVALID_OPTION` for no tokens and for ids beyond the vocabulary, `CONTEXT_EXCEEDED`
 */
export function checkPrompt({ header }: Model, room: number, tokens: readonly number[]): void {
  if (tokens.length === 0) {
    throw new ToolkitError('INVALID_OPTION', 'a prompt of no tokens for a model without a begin-of-text token');
  }
  if (tokens.length > room) {
    throw new ToolkitError(
      'CONTEXT_EXCEEDED',
      `prompt of ${tokens.length} tokens, expected at most ${room}: ${tokens.length - room} too many`,
      { suggestions: contextRemedies(tokens.length, header.dimensions.maxSeqLen) },
    );
  }
  checkIds('token', tokens, header.dimensions.vocabSize);
}

function checkIds(name: string, ids: readonly number[], vocabSize: number): void {
  const at = ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (at >= 0)
    throw new ToolkitError('INVALID_OPTION', `${name} ${describe(ids[at])}, expected ids below ${vocabSize}`);
}

/**
 * Refuses stop strings and ids that could never end the answer, or that a constraint forbids.
 *
 * @throws ToolkitError `INVALID_OPTION`, `NO_TOKENIZER`
 */
export function checkStops({ header, tokenizer }: Model, stop: readonly string[], options: AnswerOptions): void {
  const { stopIds = [], constraint } = options;
  if (constraint !== undefined) {
    checkConstrained(
      tokenizer,
      stop.filter((text) => tokenizer?.specialId(text) === undefined),
      stopIds,
    );
  }
  for (const text of stop) refuseSpecialWithin(tokenizer, text);
  if (stop.includes('')) throw new ToolkitError('INVALID_OPTION', 'an empty stop string, expected text');
  if (stop.length > 0 && tokenizer === null) {
    throw new ToolkitError('NO_TOKENIZER', 'the model holds no tokenizer, expected one to look for stop strings with');
  }
  checkIds('stop id', stopIds, header.dimensions.vocabSize);
}

/**
 * Decoded text never holds the name of a special token, so such a stop string would never be found. Names that are plain
 * words may be text.
 */
function refuseSpecialWithin(tokenizer: Tokenizer | null, text: string): void {
  if (tokenizer === null || tokenizer.specialId(text) !== undefined) return;
  const within = tokenizer.specialTokens.find(({ name }) => !/^\w*$/.test(name) && text.includes(name));
  if (within === undefined) return;
  throw new ToolkitError(
    'INVALID_OPTION',
    `stop string ${JSON.stringify(text)} holds the special token ${within.name}, which is no text, expected text or the name alone`,
    { suggestions: [`stop at the token: --stop ${shellQuote(within.name)}`] },
  );
}

/** A constraint decides where the answer ends; a stop string would cut it anywhere. */
function checkConstrained(tokenizer: Tokenizer | null, stop: readonly string[], stopIds: readonly number[]): void {
  if (tokenizer === null) {
    throw new ToolkitError('NO_TOKENIZER', 'the model holds no tokenizer, expected one to constrain the answer with');
  }
  const textId = stopIds.find((id) => !tokenizer.isSpecial(id));
  if (stop.length === 0 && textId === undefined) return;
  const found = stop.length > 0 ? 'stop strings' : `the stop id ${textId}, which is text,`;
  throw new ToolkitError(
    'INVALID_OPTION',
    `${found} together with a constraint, expected only special tokens to stop at`,
    {
      suggestions: [
        `the answer ends where the constraint is met: leave out ${stop.length > 0 ? '--stop' : '--stop-id'}`,
      ],
    },
  );
}
