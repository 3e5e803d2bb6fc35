// Holds what a trailer says of a model against its source: settings, chat template and tokenizer, all but the provenance.

import { mergesOfRanks, type SourceWords } from '@llama-ts/exporter';
import type { AddedToken, GenerationDefaults, TemplateFacts, TokenizerData, Trailer } from '@llama-ts/format';
import type { Finding } from './verify-result.js';

/** Values as a message shows them. */
interface Difference {
  readonly what: string;
  readonly found: string;
  readonly expected: string;
}

/** Characters of a chat template shown from where two differ. */
const SHOWN_CHARACTERS = 20;
const settings = ['ropeTheta', 'ropeScaling', 'normEpsilon', 'bosId', 'eosIds', 'prefixIds', 'suffixIds'] as const;
const scalingFields = ['factor', 'lowFreqFactor', 'highFreqFactor', 'originalMaxPositionEmbeddings'];

/** One finding for each thing that the trailer says otherwise than an export of the source would. */
export function compareTrailer(path: string, trailer: Trailer, words: SourceWords, sourceName: string): Finding[] {
  const { description } = trailer;
  const differences = [
    ...settings.flatMap((field) => differ(field, description[field], words[field])),
    ...(Object.keys(words.generation) as (keyof GenerationDefaults)[]).flatMap((field) =>
      differ(`generation ${field}`, description.generation[field], words.generation[field]),
    ),
    ...differInTemplate('chat template', description.chatTemplate, words.chatTemplate),
    ...differInNamed(description, words),
    ...differInTokenizer(trailer.tokenizer, words.tokenizer),
  ];
  return differences.map(({ what, found, expected }) => ({
    part: 'trailer',
    tensor: null,
    code: 'DIFFERS_FROM_SOURCE',
    message: `${path}: trailer says ${what} ${found}, expected ${expected} as in ${sourceName}`,
    position: null,
  }));
}

function differ(what: string, a: unknown, b: unknown): Difference[] {
  const [found, expected] = [show(a), show(b)];
  return found === expected ? [] : [{ what, found, expected }];
}

/** Equal values are equal texts: the one kind of object is RoPE scaling, whose fields may come in any order. */
function show(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  return JSON.stringify(value, scalingFields);
}

/** Templates and template tokens by their names. */
function differInNamed(found: TemplateFacts, expected: TemplateFacts): Difference[] {
  const names = (field: keyof TemplateFacts) =>
    [...new Set(Object.keys({ ...found[field], ...expected[field] }))].sort();
  return [
    ...names('namedTemplates').flatMap((name) =>
      differInTemplate(
        `chat template ${JSON.stringify(name)}`,
        found.namedTemplates?.[name] ?? null,
        expected.namedTemplates?.[name] ?? null,
      ),
    ),
    ...names('templateTokens').flatMap((name) =>
      differ(name, found.templateTokens?.[name] ?? null, expected.templateTokens?.[name] ?? null),
    ),
  ];
}

function differInTemplate(what: string, found: string | null, expected: string | null): Difference[] {
  if (found === expected) return [];
  if (found === null || expected === null) return [presence(what, found, expected)];
  let at = 0;
  while (found[at] === expected[at]) at++;
  const [a, b] = [found, expected].map((template) => JSON.stringify(template.slice(at, at + SHOWN_CHARACTERS)));
  return [{ what: `${what} from character ${at}`, found: a!, expected: b! }];
}

function presence(what: string, found: unknown, expected: unknown): Difference {
  const word = (value: unknown): string => (value === null ? 'absent' : 'present');
  return { what, found: word(found), expected: word(expected) };
}

/** The first thing that two tokenizers differ in; what follows from it is not worth a line. */
function differInTokenizer(found: TokenizerData | null, expected: TokenizerData | null): Difference[] {
  if (found === null || expected === null) return found === expected ? [] : [presence('tokenizer', found, expected)];
  return [
    ...(['splitPattern', 'ignoreMerges', 'nTokens'] as const).flatMap((field) =>
      differ(`tokenizer ${field}`, found[field], expected[field]),
    ),
    ...differAt('token', Math.max(found.nTokens, expected.nTokens), (id) => [found, expected].map(tokenAt(id))),
    ...differAt('special token', Math.max(found.specialTokens.length, expected.specialTokens.length), (i) =>
      [found, expected].map(({ specialTokens: { [i]: special } }) => (special ? describeAdded(special) : 'none')),
    ),
    ...differAt('added token', Math.max(nAdded(found), nAdded(expected)), (i) =>
      [found, expected].map(addedTokenAt(i)),
    ),
    ...differInMerges(found, expected),
  ].slice(0, 1);
}

function nAdded({ addedTokens = [] }: TokenizerData): number {
  return addedTokens.length;
}

function addedTokenAt(i: number): (tokenizer: TokenizerData) => string {
  return ({ addedTokens: { [i]: token } = [] }) => (token === undefined ? 'none' : describeAdded(token));
}

/** Id, name and the flags that are set. */
function describeAdded({ id, name, ...flags }: AddedToken): string {
  const set = Object.entries(flags).filter(([, isSet]) => isSet === true);
  return [id, name, ...set.map(([flag]) => flag).sort()].join(' ');
}

/** One tokenizer may list the merges that the other leaves to follow from the ids; they are the same merges. */
function differInMerges(found: TokenizerData, expected: TokenizerData): Difference[] {
  if (found.merges === null && expected.merges === null) return [];
  const [a, b] = [found, expected].map((tokenizer) => tokenizer.merges ?? mergesOfRanks(tokenizer));
  const pair = (merges: Uint32Array, i: number): string => `${merges[2 * i] ?? 'none'} ${merges[2 * i + 1] ?? ''}`;
  return differAt('merge', Math.max(a!.length, b!.length) / 2, (i) => [pair(a!, i), pair(b!, i)]);
}

function differAt(what: string, count: number, at: (i: number) => string[]): Difference[] {
  for (let i = 0; i < count; i++) {
    const [found, expected] = at(i);
    if (found !== expected) return differ(`${what} ${i}`, found, expected);
  }
  return [];
}

/** A character a byte, so that any two tokens can be told apart. */
function tokenAt(id: number): (tokenizer: TokenizerData) => string {
  return ({ nTokens, tokenBytes, tokenOffsets }) =>
    id < nTokens ? Buffer.from(tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1])).toString('latin1') : 'none';
}
