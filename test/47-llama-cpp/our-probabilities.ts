// What the runtime predicts, to be held beside llama.cpp's, and a vocabulary for models without one.

import type { TokenizerData } from '@llama-ts/format';
import { openModel } from '@llama-ts/runtime';
import { packTokens } from '../helpers/tokenizer-json.js';

/** Probabilities of the token after each of `tokens`, (vocabSize) each. */
export async function ourProbabilities(path: string, tokens: readonly number[]): Promise<Float64Array[]> {
  const model = await openModel(path, { context: tokens.length });
  try {
    const { vocabSize } = model.header.dimensions;
    const logits = await model.forward([{ cache: model.createCache(), position: 0, tokens }], { logits: 'all' });
    return tokens.map((_, row) => softmax(logits.subarray(row * vocabSize, (row + 1) * vocabSize)));
  } finally {
    await model.close();
  }
}

/** The golden models have no tokenizer, and node-llama-cpp ends the process on a file without a vocabulary. */
export function byteVocabulary(nTokens: number): TokenizerData {
  const specials = Array.from({ length: nTokens - 256 }, (_, i) => ({ id: 256 + i, name: `<|special_${i}|>` }));
  const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
  const names = specials.map((special) => new TextEncoder().encode(special.name));
  return {
    ...packTokens([...bytes, ...names]),
    splitPattern: 'llama3',
    ignoreMerges: true,
    merges: new Uint32Array(0),
    specialTokens: specials,
  };
}

function softmax(logits: Float32Array): Float64Array {
  const max = logits.reduce((a, b) => Math.max(a, b));
  const exponentials = Float64Array.from(logits, (logit) => Math.exp(logit - max));
  const sum = exponentials.reduce((a, b) => a + b);
  return exponentials.map((value) => value / sum);
}
