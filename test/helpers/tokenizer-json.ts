// For tests only: tokenizer.json to tokenizer data, trusting the file. The exporter has the strict importer.

import type { TokenizerData } from '@llama-ts/format';

/** The parts of a byte-level tokenizer.json that tests read. */
export interface TokenizerJson {
  readonly added_tokens: readonly { readonly id: number; readonly content: string }[];
  readonly model: {
    readonly ignore_merges?: boolean;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly [string, string])[];
  };
}

export function tokenizerDataFromJson({ model, added_tokens }: TokenizerJson): TokenizerData {
  const tokens: Uint8Array[] = [];
  for (const [symbols, id] of Object.entries(model.vocab)) tokens[id] = bytesOfSymbols(symbols);
  for (const { id, content } of added_tokens) tokens[id] = new TextEncoder().encode(content);
  const pairs = model.merges.map((merge) => (typeof merge === 'string' ? merge.split(' ') : merge));
  return {
    splitPattern: 'llama3',
    ignoreMerges: model.ignore_merges ?? false,
    ...packTokens(tokens),
    merges: Uint32Array.from(pairs.flat(), (symbols) => model.vocab[symbols]!),
    specialTokens: added_tokens.map(({ id, content }) => ({ id, name: content })),
  };
}

/** Bytes of tokens in id order, as tokenizer data holds them. */
export function packTokens(tokens: readonly Uint8Array[]) {
  const tokenOffsets = new Uint32Array(tokens.length + 1);
  tokens.forEach((token, id) => {
    tokenOffsets[id + 1] = tokenOffsets[id]! + token.length;
  });
  const tokenBytes = new Uint8Array(tokenOffsets[tokens.length]!);
  tokens.forEach((token, id) => {
    tokenBytes.set(token, tokenOffsets[id]!);
  });
  return { nTokens: tokens.length, tokenBytes, tokenOffsets };
}

/** GPT-2's alphabet: printable Latin-1 bytes stand for themselves, the others for U+0100 and up. */
const byteOfSymbol = new Map<string, number>();
for (let byte = 0, others = 0; byte < 256; byte++) {
  const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  byteOfSymbol.set(String.fromCharCode(printable ? byte : 0x100 + others++), byte);
}

function bytesOfSymbols(symbols: string): Uint8Array {
  return Uint8Array.from(symbols, (symbol) => byteOfSymbol.get(symbol)!);
}
