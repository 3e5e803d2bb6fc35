import assert from 'node:assert/strict';
import { createRandomStream, createSampler, type SamplerOptions } from '@llama-ts/runtime';
import fc from 'fast-check';
import { plainAdjust, plainChoose, plainSoftmax } from './plain-sampler.js';

const base: SamplerOptions = { temperature: 1, topP: 1, seed: 1n, referenceSampler: false };
const softmax = async (logits: Float32Array, temperature: number) => plainSoftmax(logits, temperature);

/** Logits of many shapes: few levels with ties, bell curves from peaked to flat, banned tokens. */
const logitsOf = (maxLength: number): fc.Arbitrary<Float32Array> => {
  const level = fc.integer({ min: -3, max: 3 });
  const real = fc.float({ min: -12, max: 12, noNaN: true });
  const banned = fc.oneof({ weight: 9, arbitrary: real }, { weight: 1, arbitrary: fc.constant(-Infinity) });
  return fc
    .tuple(
      fc.oneof(...[level, real, banned].map((value) => fc.array(value, { minLength: 2, maxLength, size: 'max' }))),
      fc.constantFrom(0.01, 0.3, 1, 4),
    )
    .map(([values, scale]) => Float32Array.from(values, (value) => value * scale))
    .filter((values) => values.some(Number.isFinite));
};

const share = fc.double({ min: 0, max: 1, noNaN: true });
const seed = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });

async function checkChoice(logits: Float32Array, options: SamplerOptions): Promise<void> {
  const sampler = createSampler(options, softmax);
  const random = createRandomStream(options.seed);
  for (let i = 0; i < 4; i++) {
    const probabilities = plainSoftmax(logits, options.temperature);
    const expected = plainChoose(probabilities, options, random.next());
    assert.equal(await sampler.sample(logits.slice()), expected);
  }
}

describe('the sampler, against a plain implementation', () => {
  for (const [name, settings] of [
    ['all tokens', fc.constant({})],
    ['top-p', fc.record({ topP: share })],
    ['top-k', fc.record({ topK: fc.integer({ min: 1, max: 40 }) })],
    ['top-k and top-p', fc.record({ topK: fc.integer({ min: 1, max: 40 }), topP: share })],
    ['min-p', fc.record({ minP: share })],
    ['top-p and min-p', fc.record({ topP: share, minP: share })],
    ['typical-p', fc.record({ typicalP: share })],
    ['all of them', fc.record({ topK: fc.integer({ min: 1, max: 99 }), topP: share, minP: share, typicalP: share })],
  ] as const) {
    it(`chooses the same among ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(logitsOf(120), settings, seed, fc.constantFrom(0.5, 1, 2), async (logits, some, s, t) =>
          checkChoice(logits, { ...base, ...some, seed: s, temperature: t }),
        ),
        { numRuns: 150 },
      );
    });
  }

  it('chooses the same among many thousands of logits of any distribution', async () => {
    const nTokens = 5_000;
    const random = createRandomStream(99n);
    const normal = () => Array.from({ length: 6 }, () => random.next() - 0.5).reduce((a, b) => a + b, 0);
    for (const shape of [
      () => 0,
      () => normal(),
      () => 8 * normal(),
      () => (random.next() < 1e-3 ? 9 : 1e-5 * normal()),
      () => (random.next() < 0.5 ? 0 : -Infinity),
      () => Math.floor(3 * normal()),
    ]) {
      const logits = Float32Array.from({ length: nTokens }, shape);
      for (const settings of [{ topP: 0.9 }, { topP: 0.999 }, { topK: 50 }, { typicalP: 0.7 }, { minP: 0.05 }]) {
        await checkChoice(logits, { ...base, ...settings, seed: 5n });
      }
    }
  });

  it('changes logits by biases and penalties as the formulas say', async () => {
    const vocabulary = 12;
    const token = fc.integer({ min: 0, max: vocabulary - 1 });
    const penalty = fc.float({ min: -2, max: 2, noNaN: true });
    const options = fc.record({
      repetitionPenalty: fc.float({ min: 0.5, max: 2, noNaN: true }),
      presencePenalty: penalty,
      frequencyPenalty: penalty,
      penaltyWindow: fc.integer({ min: -1, max: 6 }),
      logitBias: fc.array(fc.tuple(token, fc.oneof(penalty, fc.constant(-Infinity))), { maxLength: 3 }),
    });
    const logits = fc.float32Array({ minLength: vocabulary, maxLength: vocabulary, min: -9, max: 9, noNaN: true });
    await fc.assert(
      fc.asyncProperty(logits, options, fc.array(token), seed, async (raw, some, prompt, s) => {
        const settings = { ...base, ...some, logitBias: new Map(some.logitBias), seed: s };
        const sampler = createSampler(settings, softmax, prompt);
        const said = [...prompt];
        for (let i = 0; i < 5; i++) {
          const adjusted = raw.slice();
          const expected = plainAdjust(raw, settings, said);
          said.push(await sampler.sample(adjusted));
          assert.deepEqual(adjusted, expected);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('takes the largest logit at temperature 0, after biases and penalties', async () => {
    const greedy = { ...base, temperature: 0 };
    const logits = () => Float32Array.of(1, 3, 2, 3);
    assert.equal(await createSampler(greedy, softmax).sample(logits()), 1);
    assert.equal(await createSampler({ ...greedy, logitBias: new Map([[2, 5]]) }, softmax).sample(logits()), 2);
    assert.equal(await createSampler({ ...greedy, repetitionPenalty: 2 }, softmax, [1]).sample(logits()), 3);
  });

  it('takes the first of the largest logits at temperature 0, of any number of tokens', async () => {
    await fc.assert(
      fc.asyncProperty(logitsOf(40), async (logits) => {
        const first = logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
        assert.equal(await createSampler({ ...base, temperature: 0 }, softmax).sample(logits.slice()), first);
      }),
      { numRuns: 300 },
    );
  });

  it('never chooses a token of probability 0, even when rounding leaves the sum below the random number', async () => {
    const probabilities = Float32Array.of(0.25, 0.25, 0);
    const lastSeed = 4n;
    for (const settings of [{}, { topK: 3 }, { minP: 0.01 }]) {
      const sampler = createSampler({ ...base, ...settings, seed: lastSeed }, async () => probabilities);
      for (let i = 0; i < 50; i++) assert.notEqual(await sampler.sample(new Float32Array(3)), 2);
    }
  });

  it('refuses when every token is banned', async () => {
    const sampler = createSampler(base, softmax);
    await assert.rejects(sampler.sample(new Float32Array(4).fill(-Infinity)), { code: 'INVALID_OPTION' });
  });

  for (const options of [
    { topK: -1 },
    { topK: 1.5 },
    { minP: 1.1 },
    { minP: Number.NaN },
    { typicalP: -0.1 },
    { repetitionPenalty: 0 },
    { repetitionPenalty: Number.NaN },
    { presencePenalty: 101 },
    { frequencyPenalty: Number.NEGATIVE_INFINITY },
    { penaltyWindow: -2 },
    { logitBias: new Map([[0, Number.NaN]]) },
    { logitBias: new Map([[0, Number.POSITIVE_INFINITY]]) },
  ]) {
    const [[name, value]] = Object.entries(options) as [[string, unknown]];
    it(`refuses ${name} ${value instanceof Map ? [...value.values()] : value}`, () => {
      assert.throws(() => createSampler({ ...base, ...options }, softmax), { code: 'INVALID_OPTION' });
    });
  }
});
