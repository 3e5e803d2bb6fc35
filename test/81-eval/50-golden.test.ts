// The sample model on its held-out text, against transformers in float32.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { openModel } from '@llama-ts/runtime';
import { sampleTextPath } from '@llama-ts/sample-model';
import { golden } from '../helpers/golden.js';
import { coded, evaluate, sampleFile } from './support.js';

const oracle = JSON.parse(fs.readFileSync(golden('sample', 'perplexity.json'), 'utf8'));
const text = fs.readFileSync(sampleTextPath, 'utf8');

describe('the sample model on its held-out text', function () {
  this.timeout(60_000);

  it('has the perplexity that transformers computes, within 1e-3 relative', async () => {
    const model = await openModel(await sampleFile(1));
    const { perplexity, nTokens, nWindows } = await evaluate(model, text, {
      window: oracle.context,
      stride: oracle.context - 1,
      maxTokens: oracle.tokens,
    });
    await model.close();
    assert.deepEqual([nTokens, nWindows], [oracle.tokens, 4]);
    assert.ok(Math.abs(perplexity.value / oracle.perplexity - 1) < 1e-3, String(perplexity.value));
  });

  it('reads the text that transformers read', () => {
    assert.equal(text, fs.readFileSync(golden('sample', 'heldout.txt'), 'utf8'));
  });

  it('is close to its quantized version, and the tokens where they differ most are listed', async () => {
    const [model, baseline] = [await openModel(await sampleFile(2)), await openModel(await sampleFile(1))];
    const { divergence, worst, along } = await evaluate(model, text, {
      baseline,
      window: 64,
      stride: 63,
      maxTokens: 252,
    });
    await Promise.all([model.close(), baseline.close()]);
    const { kl, perplexityRatio, topAgreement } = divergence!;
    assert.ok(kl.mean.value > 0 && kl.mean.value < 1e-3, String(kl.mean.value));
    assert.ok(kl.median <= kl.p95 && kl.p95 <= kl.p999 && kl.p999 <= kl.max);
    assert.ok(Math.abs(perplexityRatio.value - 1) < 0.01, String(perplexityRatio.value));
    assert.ok(topAgreement.value > 0.9);
    assert.equal(along.kl!.length, 252);
    const { index, before, token, baseline: other } = worst[0]!;
    assert.equal(other!.kl, kl.max);
    assert.ok(text.includes(before + token), `${before}[${token}] at ${index}`);
  });

  it('is refused for a comparison with a model of another tokenizer', async () => {
    const [model, other] = [await openModel(await sampleFile(1)), await openModel(await sampleFile(1))];
    const swapped = { ...other, tokenizer: { ...other.tokenizer!, tokenBytes: (id: number) => Uint8Array.of(id) } };
    await assert.rejects(evaluate(model, text, { baseline: swapped }), coded('DIFFERENT_TOKENIZERS'));
    const merged = { ...other, tokenizer: { ...other.tokenizer!, encode: () => [1, 2, 3] } };
    await assert.rejects(evaluate(model, text, { baseline: merged }), coded('DIFFERENT_TOKENIZERS'));
    await Promise.all([model.close(), other.close()]);
  });
});
