// Reads the post-processor of a tokenizer.json: which tokens it puts before and after a text.

import { isObject, type JsonObject } from '@llama-ts/base';
import { show } from '../json-fields.js';
import { badTokenizer } from './token-table.js';

/** Ids around a text. */
export interface AroundText {
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}

const NOTHING: AroundText = { prefix: [], suffix: [] };

/**
 * Reads what is put around a single text; what a pair of texts gets does not matter here.
 *
 * @param processor as the file has it
 * @param name the file's name, for messages
 * @throws ToolkitError `BAD_TOKENIZER` for tokens that are none
 */
export function readPostProcessor(processor: unknown, nTokens: number, name: string): AroundText {
  if (!isObject(processor)) return NOTHING;
  const check = (id: unknown): number => {
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < nTokens) return id;
    throw badTokenizer(name, `post_processor adds token ${show(id)}, expected an id below ${nTokens}`);
  };
  switch (processor.type) {
    case 'Sequence': {
      const steps = Array.isArray(processor.processors) ? (processor.processors as unknown[]) : [];
      // Each step adds outside of what the steps before it added.
      return steps
        .map((step) => readPostProcessor(step, nTokens, name))
        .reduce(
          (all, { prefix, suffix }) => ({ prefix: [...prefix, ...all.prefix], suffix: [...all.suffix, ...suffix] }),
          NOTHING,
        );
    }
    case 'TemplateProcessing':
      return readTemplate(processor, check);
    case 'BertProcessing':
    case 'RobertaProcessing':
      return { prefix: [check(idOfPair(processor.cls))], suffix: [check(idOfPair(processor.sep))] };
    default:
      return NOTHING;
  }
}

function readTemplate({ single, special_tokens: tokens }: JsonObject, check: (id: unknown) => number): AroundText {
  const [prefix, suffix]: [number[], number[]] = [[], []];
  let isAfter = false;
  for (const piece of Array.isArray(single) ? (single as unknown[]) : []) {
    if (isObject(piece) && isObject(piece.SpecialToken)) {
      const token = isObject(tokens) ? tokens[String(piece.SpecialToken.id)] : undefined;
      const ids = isObject(token) && Array.isArray(token.ids) ? (token.ids as unknown[]) : [];
      (isAfter ? suffix : prefix).push(...ids.map(check));
    } else {
      isAfter = true;
    }
  }
  return { prefix, suffix };
}

/** `["<s>", 0]` */
function idOfPair(pair: unknown): unknown {
  return Array.isArray(pair) ? pair[1] : undefined;
}
