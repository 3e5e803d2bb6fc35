// Perplexity and divergence of models whose probabilities are known, against the definitions.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { coded, createFakeModel, evaluate, type Predict } from './support.js';

const VOCAB_SIZE = 5;
const ids = [1, 2, 3, 4, 1, 1, 2, 3, 3, 4, 2, 1];
const logitsOf = (seed: number): Predict => {
  return (context) =>
    Array.from({ length: VOCAB_SIZE }, (_, i) =>
      Math.fround(3 * Math.sin(seed + i * 7 + context.length * 1.3 + (context.at(-1) ?? 0))),
    );
};
const softmax = (logits: readonly number[]): number[] => {
  const weights = logits.map((logit) => Math.exp(logit));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
};
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const near = (found: number, expected: number): void => {
  assert.ok(Math.abs(found - expected) <= 1e-12 * Math.max(1, Math.abs(expected)), `${found}, expected ${expected}`);
};

describe('an evaluation', () => {
  it('of a uniform model gives the size of the vocabulary as its perplexity, without error', async () => {
    const { model } = createFakeModel(VOCAB_SIZE, () => new Array(VOCAB_SIZE).fill(2), { bosId: 0 });
    const { perplexity, divergence } = await evaluate(model, ids);
    near(perplexity.value, VOCAB_SIZE);
    assert.ok(perplexity.standardError < 1e-12);
    assert.equal(divergence, null);
  });

  it('agrees with the definitions of perplexity, KL divergence and agreement', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 1000 }), fc.nat({ max: 1000 }), async (a, b) => {
        const model = createFakeModel(VOCAB_SIZE, logitsOf(a), { bosId: 0 }).model;
        const baseline = createFakeModel(VOCAB_SIZE, logitsOf(b), { bosId: 0 }).model;
        const evaluation = await evaluate(model, ids, { baseline, window: 20, stride: 10 });
        const contexts = ids.map((_, i) => [0, ...ids.slice(0, i)]);
        const [q, p] = [a, b].map((seed) => contexts.map((context) => softmax(logitsOf(seed)(context))));
        const nll = (rows: number[][]): number[] => rows.map((row, i) => -Math.log(row[ids[i]!]!));
        const kl = p!.map((row, i) => row.reduce((sum, x, j) => sum + x * Math.log(x / q![i]![j]!), 0));
        const tops = (rows: number[][]): number[] => rows.map((row) => row.indexOf(Math.max(...row)));
        const same = tops(q!).map((top, i) => top === tops(p!)[i]);
        const { perplexity, divergence } = evaluation;
        near(perplexity.value, Math.exp(mean(nll(q!))));
        near(divergence!.baselinePerplexity.value, Math.exp(mean(nll(p!))));
        near(divergence!.perplexityRatio.value, Math.exp(mean(nll(q!)) - mean(nll(p!))));
        near(divergence!.kl.mean.value, mean(kl));
        near(divergence!.kl.max, Math.max(...kl));
        near(divergence!.topAgreement.value, mean(same.map(Number)));
        assert.equal(divergence!.firstDisagreement, same.includes(false) ? same.indexOf(false) : null);
        assert.equal(evaluation.worst[0]!.index, kl.indexOf(Math.max(...kl)));
        near(mean(evaluation.along.kl!), mean(kl));
      }),
      { numRuns: 25 },
    );
  });

  it('computes the error of the ratio from differences token by token, not from two separate perplexities', async () => {
    const model = createFakeModel(VOCAB_SIZE, logitsOf(3), { bosId: 0 }).model;
    const shifted = createFakeModel(VOCAB_SIZE, (c) => logitsOf(3)(c).map((x) => x + 8), { bosId: 0 }).model;
    const { divergence, perplexity } = await evaluate(model, ids, { baseline: shifted });
    assert.ok(perplexity.standardError > 0.1);
    assert.ok(divergence!.perplexityRatio.standardError < 1e-6);
    assert.ok(divergence!.kl.max < 1e-12);
  });

  it('of a model against itself reports no divergence', async () => {
    const model = createFakeModel(VOCAB_SIZE, logitsOf(7), { bosId: 0 }).model;
    const { divergence } = await evaluate(model, ids, { baseline: model });
    const { kl, perplexityRatio, topAgreement, firstDisagreement, greedy } = divergence!;
    assert.deepEqual([kl.mean.value, kl.max, perplexityRatio.value, topAgreement.value], [0, 0, 1, 1]);
    assert.deepEqual([firstDisagreement, greedy.departure], [null, null]);
  });

  it('finds the token at which greedy decoding departs', async () => {
    // Both count up; after 4 tokens more than the prompt one of them turns back.
    const count: Predict = (context) => Array.from({ length: 64 }, (_, i) => (i === context.length % 64 ? 9 : 0));
    const turn: Predict = (context) => (context.length === ids.length + 1 + 4 ? count([0]) : count(context));
    const model = createFakeModel(64, turn, { bosId: 0 }).model;
    const baseline = createFakeModel(64, count, { bosId: 0 }).model;
    const { divergence } = await evaluate(model, ids, { baseline, window: 40 });
    assert.deepEqual(divergence!.greedy, {
      nPromptTokens: ids.length + 1,
      nSameTokens: 4,
      departure: { token: '⟨1⟩', baselineToken: `⟨${ids.length + 5}⟩` },
    });
  });

  it('ends greedy decoding when both models end the text', async () => {
    const ends: Predict = (context) => [context.length === 15 ? 9 : 0, 5, 0];
    const [model, baseline] = [0, 1].map(() => createFakeModel(3, ends, { bosId: 2, eosIds: [0] }).model);
    const { divergence } = await evaluate(model!, [1, 1, 1], { baseline });
    assert.deepEqual(divergence!.greedy, { nPromptTokens: 4, nSameTokens: 12, departure: null });
  });

  it('without a begin-of-text token uses the first token as context alone', async () => {
    // Gives the next token, twice the last one, a probability of 1.
    const { model } = createFakeModel(VOCAB_SIZE, (context) => {
      return Array.from({ length: VOCAB_SIZE }, (_, i) => (i === (2 * context.at(-1)!) % VOCAB_SIZE ? 50 : 0));
    });
    const doubles = [1, 2, 4, 3, 1, 2, 4, 3, 1, 2, 4, 3];
    for (const window of [4, 9, 40]) {
      const { nTokens, perplexity, worst } = await evaluate(model, doubles, { window });
      assert.equal(nTokens, doubles.length - 1);
      near(perplexity.value, 1);
      assert.ok(worst.every(({ index }) => index > 0));
    }
  });

  it('stops when its signal is aborted, before it begins and in the middle', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    let n = 0;
    const { model } = createFakeModel(
      VOCAB_SIZE,
      () => {
        if (++n === 300) controller.abort(reason);
        return [0, 0, 0, 0, 0];
      },
      { bosId: 0 },
    );
    const long = new Array(2000).fill(1);
    await assert.rejects(evaluate(model, long, { signal: controller.signal }), reason);
    assert.ok(n < 1000);
    n = 300;
    await assert.rejects(evaluate(model, long, { signal: controller.signal }), reason);
    assert.equal(n, 300);
  });

  const uniform = (size: number, bosId = 0) => createFakeModel(size, () => new Array(size).fill(0), { bosId }).model;

  it('refuses models of other vocabularies', async () => {
    const refused = coded('DIFFERENT_TOKENIZERS');
    await assert.rejects(evaluate(uniform(5), ids, { baseline: uniform(6) }), refused);
    await assert.rejects(evaluate(uniform(5), ids, { baseline: uniform(5, 1) }), refused);
  });

  it('refuses ids outside the vocabulary, text without a tokenizer, and windows beyond the context', async () => {
    await assert.rejects(evaluate(uniform(5), [1, 5]), coded('BAD_TOKEN_ID'));
    await assert.rejects(evaluate(uniform(5), 'text'), coded('NO_TOKENIZER'));
    await assert.rejects(evaluate(uniform(5), ids, { window: 4097 }), coded('INVALID_OPTION'));
    await assert.rejects(evaluate(uniform(5), ids, { maxTokens: 0 }), coded('INVALID_OPTION'));
  });
});
