// Files that convert writes, run by llama.cpp: its next-token probabilities are ours.

import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { convertModel, type WeightType } from '@llama-ts/exporter';
import { drain, withFolder } from '../40-exporter/support.js';
import { type GoldenModel, goldenModels, goldenTokens, modelFile } from '../50-runtime/support.js';
import { byteVocabulary, ourProbabilities } from './our-probabilities.js';
import { closeLlamaCpp, llamaCppProbabilities, needsLlamaCpp, whenAbsent, withLlamaCpp } from './support.js';

/** Positions compared: enough for scaled frequencies to part from unscaled ones. */
const POSITIONS = 128;

describe(`llama.cpp on the files of convert${whenAbsent}`, function () {
  this.timeout(60_000); // the first test starts the engine
  before(needsLlamaCpp);
  after(closeLlamaCpp);

  for (const name of goldenModels) {
    it(`gives the probabilities of our v1 within 1e-3 for ${name} in F32`, async () => {
      const { maxDifference } = await compare(name, 1, 'F32');
      assert.ok(maxDifference < 1e-3, `max difference ${maxDifference}`);
    });

    for (const version of [1, 2] as const) {
      it(`departs from our v${version} by a mean KL under 1e-3 for ${name} in Q8_0`, async () => {
        const { meanDivergence } = await compare(name, version, 'Q8_0');
        assert.ok(meanDivergence < 1e-3, `mean KL ${meanDivergence}`);
      });
    }

    for (const type of ['F16', 'BF16'] as const) {
      it(`departs from our v1 by a mean KL under 1e-3 for ${name} in ${type}`, async () => {
        const { meanDivergence } = await compare(name, 1, type);
        assert.ok(meanDivergence < 1e-3, `mean KL ${meanDivergence}`);
      });
    }
  }
});

/** Our probabilities of a .bin file beside llama.cpp's of the GGUF file converted from the same model. */
async function compare(name: GoldenModel, version: 1 | 2, type: WeightType) {
  const tokens = goldenTokens(name).slice(0, POSITIONS);
  const ours = await ourProbabilities(await modelFile(name, version), tokens);
  const theirs = await theirProbabilities(name, type, tokens);
  let maxDifference = 0;
  let divergence = 0;
  for (const [row, expected] of ours.entries()) {
    assert.equal(theirs[row]!.size, expected.length);
    for (const [id, p] of expected.entries()) {
      const q = theirs[row]!.get(id)!;
      maxDifference = Math.max(maxDifference, Math.abs(p - q));
      if (p > 0) divergence += p * Math.log(p / q);
    }
  }
  return { maxDifference, meanDivergence: divergence / ours.length };
}

async function theirProbabilities(name: GoldenModel, type: WeightType, tokens: readonly number[]) {
  const source = await modelFile(name, 1);
  let result: readonly Map<number, number>[] = [];
  await withFolder(async (scratch) => {
    const output = join(scratch, 'model.gguf');
    const tokenizer = name === 'sample' ? undefined : byteVocabulary(name === 'tied-gqa-bf16' ? 512 : 300);
    await drain(convertModel({ source, output, to: 'gguf', type, tokenizer }));
    result = await withLlamaCpp(output, (model) => llamaCppProbabilities(model, tokens));
  });
  return result;
}
