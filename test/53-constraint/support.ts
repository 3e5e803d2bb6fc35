// For tests of constraints: small vocabularies, texts judged byte by byte, and the schemas that answers are held against.

import { isIPv4, isIPv6 } from 'node:net';
import { type ConstrainedText, type Constraint, createTokenizer, type Tokenizer } from '@llama-ts/runtime';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { packTokens } from '../helpers/tokenizer-json.js';

/** A vocabulary of all bytes, further tokens, and an end token after them. */
export function vocabulary(tokens: readonly Uint8Array[] = []): Tokenizer {
  const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const name = '<|end|>';
  const all = [...bytes, ...tokens, new TextEncoder().encode(name)];
  return createTokenizer({
    splitPattern: 'llama3',
    ignoreMerges: false,
    ...packTokens(all),
    merges: new Uint32Array(0),
    specialTokens: [{ id: all.length - 1, name }],
  });
}

export const byteVocabulary = vocabulary();
/** Tokens that may follow. */
export function allowedTokens(text: ConstrainedText, tokenizer: Tokenizer): Set<number> {
  const logits = new Float32Array(tokenizer.nTokens);
  text.restrict(logits, [tokenizer.nTokens - 1]);
  return new Set([...logits.keys()].filter((id) => logits[id] === 0));
}

/** Whether a constraint allows a text, byte by byte, and allows it to end there. */
export function judge(constraint: Constraint, bytes: Uint8Array): { isAllowed: boolean; isComplete: boolean } {
  const text = constraint.begin(byteVocabulary);
  const logits = new Float32Array(byteVocabulary.nTokens);
  for (const byte of bytes) {
    text.restrict(logits.fill(0), []);
    if (logits[byte] !== 0) return { isAllowed: false, isComplete: false };
    text.push(byte);
  }
  return { isAllowed: true, isComplete: text.isComplete };
}

export function isWhole(constraint: Constraint, text: string): boolean {
  return judge(constraint, new TextEncoder().encode(text)).isComplete;
}

/** A random text: `choose` picks one of the tokens that may follow. */
export function sayByChance(
  constraint: Constraint,
  tokenizer: Tokenizer,
  choose: (ids: readonly number[]) => number,
): { text: string; isComplete: boolean } {
  const text = constraint.begin(tokenizer);
  const ids: number[] = [];
  const end = tokenizer.nTokens - 1;
  while (text.hasNext && ids.length < 2000) {
    const id = choose([...allowedTokens(text, tokenizer)]);
    if (id === end) break;
    text.push(id);
    ids.push(id);
  }
  return { text: tokenizer.decode(ids), isComplete: text.isComplete };
}

/** A reproducible choice. */
export function chooser(seed: number): (ids: readonly number[]) => number {
  let state = seed | 1;
  return (ids) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return ids[(state >>> 0) % ids.length]!;
  };
}

/** Whether a value meets a schema, by ajv; formats by what Node knows of them. */
export function validator(schema: object | boolean): (value: unknown) => boolean {
  const isDraft7 = typeof schema === 'object' && '$schema' in schema && String(schema.$schema).includes('draft-07');
  const options = { strict: false, allErrors: false, multipleOfPrecision: 6, logger: false } as const;
  const ajv = isDraft7 ? new Ajv(options) : new Ajv2020(options);
  for (const [name, isGood] of Object.entries(formats)) ajv.addFormat(name, isGood);
  const validate = ajv.compile(schema);
  return (value) => validate(value) === true;
}

const isDay = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDay,
  time: (text) => !Number.isNaN(Date.parse(`2020-01-01T${text}`)),
  'date-time': (text) => isDay(text.slice(0, 10)) && text[10] === 'T' && !Number.isNaN(Date.parse(text)),
  duration: (text) => /^P(?!$)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)$/.test(text),
  email: (text) => /^[^@\s]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]+$/i.test(text),
  hostname: (text) => new URL(`http://x.${text}.x/`).hostname === `x.${text}.x`.toLowerCase(),
  ipv4: (text) => isIPv4(text),
  ipv6: (text) => isIPv6(text),
  uri: (text) => URL.canParse(text),
  uuid: (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
};
