// A tiny model as bytes, with and without a trailer, for tests that damage it.

import assert from 'node:assert/strict';
import { isToolkitError, sha256 } from '@llama-ts/base';
import {
  type BinHeader,
  encodeHeader,
  encodeTrailer,
  float32Encoding,
  layout,
  type ModelDescription,
  type ModelDimensions,
  q4Encoding,
  q8Encoding,
  type TokenizerData,
  tensorShapes,
} from '@llama-ts/format';

export const dimensions: ModelDimensions = {
  dim: 8,
  hiddenDim: 16,
  nLayers: 2,
  nHeads: 2,
  nKvHeads: 1,
  vocabSize: 5,
  maxSeqLen: 32,
  sharedClassifier: true,
};

export const v2: BinHeader = { version: 2, dimensions, groupSize: 4 };

/** v3 with 8 bits for the embedding and 4 for the layers. */
export const v3: BinHeader = {
  version: 3,
  dimensions: { ...dimensions, dim: 32, hiddenDim: 96 },
  groupSize: 32,
  encodings: tensorShapes(3, { ...dimensions, dim: 32, hiddenDim: 96 }).map(({ shape, layer }) => {
    if (shape.length === 1) return float32Encoding;
    return layer === null ? q8Encoding : q4Encoding(Array.from({ length: 16 }, (_, i) => i - 8));
  }),
};

export const description: ModelDescription = {
  headDim: 4,
  contextLength: 32,
  ropeTheta: 500000,
  ropeScaling: { factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositionEmbeddings: 8 },
  normEpsilon: 1e-5,
  bosId: 3,
  eosIds: [4],
  generation: { doSample: true, temperature: 0.6, topP: 0.9, topK: null, repetitionPenalty: null },
  chatTemplate: '{{ bos_token }}',
  provenance: {
    source: 'org/name',
    commit: null,
    files: [{ path: 'model.safetensors', byteLength: 9, sha256: 'ab'.repeat(32) }],
    tool: 'test 0',
  },
};

/** Tokens a, b, ab, then two specials. */
export const tokenizer: TokenizerData = {
  splitPattern: 'llama3',
  ignoreMerges: true,
  nTokens: 5,
  tokenBytes: new TextEncoder().encode('abab<|b|><|e|>'),
  tokenOffsets: Uint32Array.of(0, 1, 2, 4, 9, 14),
  merges: Uint32Array.of(0, 1),
  specialTokens: [
    { id: 3, name: '<|b|>' },
    { id: 4, name: '<|e|>' },
  ],
};

/** A whole file: every weight byte is 0, so norms are finite and scales 0. */
export function modelBytes(header: BinHeader = v2, trailer: ModelDescription | null = description): Uint8Array {
  const { tensors, weightsEnd } = layout(header);
  const head = encodeHeader(header);
  const weights = new Uint8Array(weightsEnd);
  weights.set(head);
  if (trailer === null) return weights;
  const described = { ...trailer, headDim: header.dimensions.dim / header.dimensions.nHeads };
  const checksums = {
    header: sha256(head),
    tensors: tensors.map((t) => sha256(weights.subarray(t.byteOffset, t.byteOffset + t.byteLength))),
  };
  return joined(weights, encodeTrailer({ description: described, tokenizer, checksums }, weightsEnd));
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Asserts that a call throws, or rejects, with a ToolkitError of one of the codes. */
export async function assertCode(call: () => unknown, ...codes: string[]): Promise<void> {
  try {
    await call();
  } catch (error) {
    assert(isToolkitError(error), `not a ToolkitError: ${error}`);
    assert(codes.includes(error.code), `${error.code}: ${error.message}`);
    return;
  }
  assert.fail(`nothing thrown, expected ${codes.join(' or ')}`);
}
