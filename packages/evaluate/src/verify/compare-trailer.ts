// Compares a trailer with its source: settings, chat template and tokenizer, everything except the provenance.

import { latin1 } from '@llama-ts/base';
import { type ModelFacts, type ModelSource, mergesOfRanks } from '@llama-ts/exporter';
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
const settingsFields = [
  'ropeTheta',
  'ropeScaling',
  'normEpsilon',
  'bosId',
  'eosIds',
  'prefixIds',
  'suffixIds',
] as const;
const scalingFields = ['factor', 'lowFreqFactor', 'highFreqFactor', 'originalMaxPositionEmbeddings'];

/** One finding for each fact that differs from what an export of the source would write. */
export function compareTrailer(path: string, trailer: Trailer, source: ModelSource): Finding[] {
  return differInFacts(trailer, source).map(({ what, found, expected }) => ({
    part: 'trailer',
    tensor: null,
    code: 'DIFFERS_FROM_SOURCE',
    message: `${path}: trailer says ${what} ${found}, expected ${expected} as in ${source.name}`,
    position: null,
  }));
}

/** Findings on facts of the trailer; none if the source is a plain file, which holds no such facts. */
function differInFacts({ description, tokenizer }: Trailer, facts: ModelFacts): Difference[] {
  const { settings } = facts;
  if (settings === null) return [];
  return [
    ...settingsFields.flatMap((field) => differ(field, description[field], settings[field])),
    ...(Object.keys(facts.generation) as (keyof GenerationDefaults)[]).flatMap((field) =>
      differ(`generation ${field}`, description.generation[field], facts.generation[field]),
    ),
    ...differInTemplate('chat template', description.chatTemplate, facts.chatTemplate),
    ...differInNamed(description, facts),
    ...differInTokenizer(tokenizer, facts.tokenizer),
  ];
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

/** The first difference of two tokenizers; others may follow from it. */
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

/** One character for each byte, so that different tokens are different texts. */
function tokenAt(id: number): (tokenizer: TokenizerData) => string {
  return ({ nTokens, tokenBytes, tokenOffsets }) =>
    id < nTokens ? latin1(tokenBytes.subarray(tokenOffsets[id], tokenOffsets[id + 1])) : 'none';
}
