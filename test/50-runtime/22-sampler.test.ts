import assert from 'node:assert/strict';
import { createSampler, type GenerateOptions, generate, type Model, openModel } from '@llama-ts/runtime';
import { goldenTokens, modelFile } from './support.js';

// run.c of llama2.c, function by function; Math.fround stands where C rounds to float.
const f = Math.fround;

function softmaxC(x: Float32Array): void {
  let max = x[0]!;
  for (let i = 1; i < x.length; i++) if (x[i]! > max) max = x[i]!;
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    x[i] = Math.exp(f(x[i]! - max));
    sum = f(sum + x[i]!);
  }
  for (let i = 0; i < x.length; i++) x[i] = x[i]! / sum;
}

function randomC(state: { bits: bigint }): number {
  state.bits ^= state.bits >> 12n;
  state.bits = BigInt.asUintN(64, state.bits ^ (state.bits << 25n));
  state.bits ^= state.bits >> 27n;
  const u32 = Number(BigInt.asUintN(64, state.bits * 0x2545f4914f6cdd1dn) >> 32n);
  return (u32 >>> 8) / 16777216;
}

function multC(p: Float32Array, coin: number): number {
  let cdf = 0;
  for (let i = 0; i < p.length; i++) {
    cdf = f(cdf + p[i]!);
    if (coin < cdf) return i;
  }
  return p.length - 1;
}

function toppC(p: Float32Array, topp: number, coin: number): number {
  const cutoff = f(f(1 - topp) / (p.length - 1));
  const probindex: { prob: number; index: number }[] = [];
  p.forEach((prob, index) => {
    if (prob >= cutoff) probindex.push({ prob, index });
  });
  probindex.sort((a, b) => b.prob - a.prob);
  let cumulative = 0;
  let last = probindex.length - 1;
  for (let i = 0; i < probindex.length; i++) {
    cumulative = f(cumulative + probindex[i]!.prob);
    if (cumulative > topp) {
      last = i;
      break;
    }
  }
  const r = f(coin * cumulative);
  let cdf = 0;
  for (let i = 0; i <= last; i++) {
    cdf = f(cdf + probindex[i]!.prob);
    if (r < cdf) return probindex[i]!.index;
  }
  return probindex[last]!.index;
}

function sampleC(logits: Float32Array, temperature: number, topp: number, state: { bits: bigint }): number {
  if (temperature === 0) return logits.reduce((best, value, i) => (value > logits[best]! ? i : best), 0);
  const p = logits.map((logit) => logit / f(temperature));
  softmaxC(p);
  const coin = randomC(state);
  return topp <= 0 || topp >= 1 ? multC(p, coin) : toppC(p, f(topp), coin);
}

const N_TOKENS = 24;

describe('the sampler', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 1), { context: 64, settings: { eosIds: [] } });
  });
  after(() => model.close());

  const prompt = goldenTokens('sample').slice(0, 8);

  async function ids(options: GenerateOptions): Promise<number[]> {
    const tokens: number[] = [];
    for await (const event of generate(model, prompt, { maxTokens: N_TOKENS, ...options })) {
      if (event.type === 'token') tokens.push(event.id);
    }
    return tokens;
  }

  for (const [temperature, topP, seed] of [
    [0, 0.9, 1n],
    [1, 1, 1n],
    [1, 0, 7n],
    [1, 0.9, 1337n],
    [0.6, 0.5, 0x9e3779b97f4a7c15n],
    [2.5, 0.95, 2n ** 64n - 1n],
  ] as const) {
    it(`chooses run.c's tokens at temperature ${temperature}, top-p ${topP}, seed ${seed}`, async () => {
      const found = await ids({ temperature, topP, seed, referenceSampler: true });
      const cache = model.createCache();
      const state = { bits: seed };
      const expected: number[] = [];
      let logits = await model.forward([{ cache, position: 0, tokens: prompt }]);
      for (let i = 0; i < N_TOKENS; i++) {
        const id = sampleC(logits.slice(), temperature, topP, state);
        expected.push(id);
        logits = await model.forward([{ cache, position: prompt.length + i, tokens: [id] }]);
      }
      assert.deepEqual(found, expected);
    }).timeout(60_000);
  }

  it('draws the same tokens for the same seed, and other tokens for another', async () => {
    const settings = { temperature: 2, topP: 1 };
    const first = await ids({ ...settings, seed: 5 });
    assert.deepEqual(await ids({ ...settings, seed: 5 }), first);
    assert.notDeepEqual(await ids({ ...settings, seed: 6 }), first);
  }).timeout(60_000);

  it("uses run.c's defaults in run.c's mode, whatever the model's defaults", async () => {
    const greedy = { ...model, generationDefaults: { ...model.generationDefaults, doSample: false } };
    const text = async (from: Model, options: GenerateOptions): Promise<string> => {
      let spoken = '';
      for await (const event of generate(from, prompt, { maxTokens: N_TOKENS, seed: 3, ...options })) {
        if (event.type === 'token') spoken += event.text;
      }
      return spoken;
    };
    const expected = await text(model, { referenceSampler: true, temperature: 1, topP: 0.9 });
    assert.equal(await text(greedy, { referenceSampler: true }), expected);
    assert.equal(await text(greedy, {}), await text(model, { temperature: 0 }));
  }).timeout(60_000);

  it('takes the most probable token when top-p is too small for any to pass its cutoff', async () => {
    const options = { temperature: 1, topP: 1e-6, seed: 1n, referenceSampler: true };
    const sampler = createSampler(options, async (logits) => logits);
    assert.equal(await sampler.sample(new Float32Array(100)), 0);
  });

  for (const [name, options] of [
    ['temperature NaN', { temperature: Number.NaN }],
    ['temperature −1', { temperature: -1 }],
    ['an infinite temperature', { temperature: Number.POSITIVE_INFINITY }],
    ['top-p 1.1', { topP: 1.1 }],
    ['top-p NaN', { topP: Number.NaN }],
    ['seed 0', { seed: 0 }],
    ['a seed of 65 bits', { seed: 2n ** 64n }],
  ] as const) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(ids(options), { code: 'INVALID_OPTION' });
    });
  }
});
