// The two speeds of a model: of reading a prompt, and of generating after a context of some length.

import { type BinHeader, layout } from '@llama-ts/format';
import { generate, type Model } from '@llama-ts/runtime';

/** Tokens per second over a prompt of `nTokens`. */
export async function promptSpeed(model: Model, nTokens: number, signal: AbortSignal): Promise<number> {
  for await (const event of generate(model, someTokens(model, nTokens), { maxTokens: 1, temperature: 0, signal })) {
    if (event.type === 'prompt-end') return (nTokens * 1000) / event.milliseconds;
  }
  throw new Error('unreachable: every generation computes its prompt');
}

/** Tokens per second over `nTokens`, each sampled greedily and computed, after `depth` others. */
export async function generationSpeed(
  model: Model,
  nTokens: number,
  depth: number,
  signal: AbortSignal,
): Promise<number> {
  let first = 0;
  let last = 0;
  // The first token comes from the prompt's logits, so one more is generated than counted.
  const options = { maxTokens: nTokens + 1, temperature: 0, signal };
  for await (const event of generate(model, someTokens(model, Math.max(depth, 1)), options)) {
    if (event.type !== 'token') continue;
    last = performance.now();
    first ||= last;
  }
  return (nTokens * 1000) / (last - first);
}

/** Bytes of weights read for one token: all but the embedding table, unless that is the classifier too. */
export function bytesPerToken(header: BinHeader): number {
  const { sharedClassifier } = header.dimensions;
  return layout(header)
    .tensors.filter(
      ({ kind }) => kind !== 'ropeCos' && kind !== 'ropeSin' && (kind !== 'embedding' || sharedClassifier),
    )
    .reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Ids spread over the vocabulary: no token costs more than another. */
function someTokens({ header }: Model, nTokens: number): number[] {
  const { vocabSize } = header.dimensions;
  return Array.from({ length: nTokens }, (_, i) => (i * 7919 + 1) % vocabSize);
}
