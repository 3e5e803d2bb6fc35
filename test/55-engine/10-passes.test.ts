// Passes of one model: which rows get logits, and two at once.

import assert from 'node:assert/strict';
import { type Model, openModel } from '@llama-ts/runtime';
import { bits, modelFile } from '../50-runtime/support.js';

describe('a forward pass', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('tied-gqa-bf16', 2));
  });
  after(() => model.close());

  const sequence = (tokens: readonly number[], logits?: 'all' | 'last' | 'none') => ({
    cache: model.createCache({ positions: tokens.length }),
    position: 0,
    tokens,
    logits,
  });

  it('gives each sequence the rows of logits it asks for, in the order of the batch', async () => {
    const { vocabSize } = model.header.dimensions;
    const alone = async (tokens: readonly number[]) => bits(await model.forward([sequence(tokens)], { logits: 'all' }));
    const [a, b, c] = [
      [1, 2, 3],
      [4, 5],
      [6, 7, 8],
    ] as const;
    const expected = [...(await alone(a)).subarray(2 * vocabSize), ...(await alone(c))];
    const found = await model.forward([sequence(a), sequence(b, 'none'), sequence(c, 'all')]);
    assert.deepEqual([...bits(found)], expected);
  });

  it('that starts while another runs is refused, and the first is unaffected', async () => {
    const expected = bits(await model.forward([sequence([1, 2, 3])]));
    const first = model.forward([sequence([1, 2, 3])]);
    await assert.rejects(model.forward([sequence([4, 5, 6])]), { code: 'MODEL_BUSY' });
    assert.deepEqual(bits(await first), expected);
  });

  it('that was refused does not affect the next one', async () => {
    const expected = bits(await model.forward([sequence([1, 2, 3])]));
    const { cache } = sequence([1, 2]);
    await assert.rejects(model.forward([{ cache, position: 0, tokens: [1, 2, 3] }]), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(model.forward([{ ...sequence([1]), tokens: [-1] }]), { code: 'INVALID_ARGUMENT' });
    assert.deepEqual(bits(await model.forward([sequence([1, 2, 3])])), expected);
  });

  it('gives a sequence the same logits token after token, alone and between passes of others', async () => {
    const alone = sequence([1, 2, 3, 4]);
    const expected: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      const [token] = alone.tokens.slice(i);
      expected.push(bits(await model.forward([{ cache: alone.cache, position: i, tokens: [token!] }])));
    }
    const among = sequence([1, 2, 3, 4]);
    for (let i = 0; i < 4; i++) {
      const [token] = among.tokens.slice(i);
      assert.deepEqual(bits(await model.forward([{ cache: among.cache, position: i, tokens: [token!] }])), expected[i]);
      await model.forward([sequence([9])]);
      if (i === 1) await model.forward([sequence([5, 6]), sequence([7])], { logits: 'all' });
    }
  });

  it('waits its turn in the order of calls, also after one that failed', async () => {
    const order: number[] = [];
    const turns = [1, 2, 3].map((n) =>
      model.withLock(async () => {
        await model.forward([sequence([n])]);
        order.push(n);
        if (n === 1) throw new Error('first');
      }),
    );
    await assert.rejects(turns[0]!, /first/);
    await Promise.all(turns.slice(1));
    assert.deepEqual(order, [1, 2, 3]);
  });
});
