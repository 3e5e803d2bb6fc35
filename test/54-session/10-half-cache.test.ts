import assert from 'node:assert/strict';
import { cacheTypeOf, type Model, openModel } from '@llama-ts/runtime';
import { bits, goldenTokens, modelFile } from '../50-runtime/support.js';

describe('a half-precision KV cache', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { cacheType: 'f16', context: 256 });
  });
  after(() => model.close());

  const tokens = goldenTokens('sample').slice(0, 40);

  /** Logits of the last token, and the cache, of a prompt computed in chunks. */
  async function compute(chunk: number) {
    const cache = model.createCache();
    let logits = new Float32Array();
    for (let position = 0; position < tokens.length; position += chunk) {
      const part = tokens.slice(position, position + chunk);
      logits = (await model.forward([{ cache, position, tokens: part }])).slice();
    }
    return { cache, logits };
  }

  it('gives the same bits for a prompt in chunks of any length', async () => {
    const whole = await compute(tokens.length);
    assert.equal(cacheTypeOf(whole.cache), 'f16');
    for (const chunk of [1, 7, 16]) {
      const { cache, logits } = await compute(chunk);
      assert.deepEqual(bits(logits), bits(whole.logits));
      assert.deepEqual(cache.keys, whole.cache.keys);
      assert.deepEqual(cache.values, whole.cache.values);
    }
  });

  it('takes half the memory, and its rounding shows in the logits', async () => {
    // Float32 weights: quantized activations would enlarge the differences.
    const plain = await openModel(await modelFile('sample', 1), { context: 64 });
    try {
      const logitsWith = async (type: 'f32' | 'f16') => {
        const cache = plain.createCache({ type });
        assert.equal(cacheTypeOf(cache), type);
        const logits = (await plain.forward([{ cache, position: 0, tokens }])).slice();
        return { byteLength: cache.keys.byteLength + cache.values.byteLength, logits };
      };
      const half = await logitsWith('f16');
      const single = await logitsWith('f32');
      assert.equal(2 * half.byteLength, single.byteLength);
      const farthest = half.logits.reduce((most, logit, i) => Math.max(most, Math.abs(logit - single.logits[i]!)), 0);
      assert.ok(farthest > 0 && farthest < 0.02, String(farthest));
    } finally {
      await plain.close();
    }
  });

  it('is refused under an unknown name, and beyond the context', async () => {
    const path = await modelFile('sample', 2);
    await assert.rejects(openModel(path, { cacheType: 'f8' as 'f16' }), { code: 'INVALID_OPTION' });
    assert.throws(() => model.createCache({ type: 'q8' as 'f16' }), { code: 'INVALID_OPTION' });
    for (const positions of [0, 257, 1.5])
      assert.throws(() => model.createCache({ positions }), { code: 'INVALID_OPTION' });
  });
});
