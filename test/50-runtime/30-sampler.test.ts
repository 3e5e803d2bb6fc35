import assert from 'node:assert/strict';
import { createRandomStream, createSampler } from '@llama-ts/runtime';
import fc from 'fast-check';

const f = Math.fround;

/** A literal translation of llama2.c's run.c (`sample`, `sample_mult`, `sample_topp`), with a stable sort. */
function reference(logits: Float32Array, temperature: number, topp: number, state: { seed: bigint }): number {
  if (temperature === 0) {
    let best = 0;
    for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
    return best;
  }
  const p = Float32Array.from(logits, (x) => x / f(temperature));
  const max = p.reduce((a, b) => (b > a ? b : a));
  let total = 0;
  for (const i of p.keys()) {
    p[i] = Math.exp(f(p[i]! - max));
    total = f(total + p[i]!);
  }
  for (const i of p.keys()) p[i] = p[i]! / total;
  state.seed ^= state.seed >> 12n;
  state.seed = BigInt.asUintN(64, state.seed ^ (state.seed << 25n));
  state.seed ^= state.seed >> 27n;
  const coin = Number(BigInt.asUintN(64, state.seed * 0x2545f4914f6cdd1dn) >> 40n) / 16777216;
  let cdf = 0;
  if (topp <= 0 || topp >= 1) {
    for (const i of p.keys()) {
      cdf = f(cdf + p[i]!);
      if (coin < cdf) return i;
    }
    return p.length - 1;
  }
  const cutoff = f(f(1 - f(topp)) / (p.length - 1));
  const index = [...p.keys()].filter((i) => p[i]! >= cutoff).sort((a, b) => p[b]! - p[a]!);
  let last = index.length - 1;
  let sum = 0;
  for (const [i, id] of index.entries()) {
    sum = f(sum + p[id]!);
    if (sum > f(topp)) {
      last = i;
      break;
    }
  }
  const r = f(coin * sum);
  for (let i = 0; i <= last; i++) {
    cdf = f(cdf + p[index[i]!]!);
    if (r < cdf) return index[i]!;
  }
  return index[last]!;
}

const noSoftmax = async (): Promise<Float32Array> => assert.fail('the reference sampler has its own softmax');

describe('sampler', () => {
  it("chooses the reference's tokens for a seed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 2, maxLength: 200 }),
        fc.constantFrom(0, 0.5, 1, 2),
        fc.constantFrom(0, 0.1, 0.5, 0.9, 1),
        fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }),
        async (values, temperature, topP, seed) => {
          const logits = Float32Array.from(values);
          const sampler = createSampler({ temperature, topP, seed, referenceSampler: true }, noSoftmax);
          const state = { seed };
          for (let i = 0; i < 5; i++) {
            assert.equal(await sampler.sample(logits), reference(logits, temperature, topP, state));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes the lowest index of equal logits at temperature 0', async () => {
    const sampler = createSampler({ temperature: 0, topP: 0.9, seed: 1n, referenceSampler: false }, noSoftmax);
    assert.equal(await sampler.sample(Float32Array.of(1, 3, 3, 2)), 1);
  });

  it('draws float32 numbers from 0 to below 1', () => {
    const random = createRandomStream(1n);
    for (let i = 0; i < 1000; i++) {
      const value = random.next();
      assert(value >= 0 && value < 1 && f(value) === value);
    }
  });
});
