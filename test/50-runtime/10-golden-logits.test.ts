import assert from 'node:assert/strict';
import type { BackendName } from '@llama-ts/kernels';
import { openModel } from '@llama-ts/runtime';
import { backends, bits, type GoldenModel, goldenFloats, goldenTokens, modelFile } from './support.js';

/** The reference has no threads. */
const threadCounts = (backend: BackendName) => (backend === 'reference' ? [1] : [1, 2, 3]);

/** Logits of every golden token, computed in chunks of `chunk` tokens. */
async function logitsOf(
  name: GoldenModel,
  version: 0 | 1 | 2,
  backend: BackendName,
  chunk: number,
  threads = 1,
): Promise<Float32Array> {
  const tokens = goldenTokens(name);
  const model = await openModel(await modelFile(name, version), { backend, threads, context: tokens.length });
  try {
    const cache = model.createCache();
    const { vocabSize } = model.header.dimensions;
    const all = new Float32Array(tokens.length * vocabSize);
    for (let position = 0; position < tokens.length; position += chunk) {
      const batch = [{ cache, position, tokens: tokens.slice(position, position + chunk) }];
      all.set(await model.forward(batch, { logits: 'all' }), position * vocabSize);
    }
    return all;
  } finally {
    await model.close();
  }
}

const canonical: readonly [GoldenModel, 0 | 1 | 2, string][] = [
  ['tied-gqa-bf16', 1, 'canonical-v1.f32'],
  ['tied-gqa-bf16', 0, 'canonical-v1.f32'],
  ['tied-gqa-bf16', 2, 'canonical-v2.f32'],
  ['untied-mha-f32', 1, 'canonical-v1.f32'],
  ['untied-mha-f32', 0, 'canonical-v1.f32'],
  ['untied-mha-f32', 2, 'canonical-v2.f32'],
  ['sample', 2, 'canonical-v2.f32'],
];

const settings = backends.flatMap((backend) => threadCounts(backend).map((threads) => ({ backend, threads })));
for (const { backend, threads } of settings) {
  describe(`logits on the ${backend} kernels, threads: ${threads}`, () => {
    for (const [name, version, file] of canonical) {
      it(`of ${name} v${version} equal the independent implementation's bit for bit`, async () => {
        assert.deepEqual(bits(await logitsOf(name, version, backend, 512, threads)), bits(goldenFloats(name, file)));
      }).timeout(120_000);
    }

    for (const chunk of [1, 7, 64]) {
      for (const version of [1, 2] as const) {
        it(`of v${version} have the same bits in chunks of ${chunk}`, async () => {
          const file = `canonical-v${version}.f32`;
          const logits = await logitsOf('tied-gqa-bf16', version, backend, chunk, threads);
          assert.deepEqual(bits(logits), bits(goldenFloats('tied-gqa-bf16', file)));
        }).timeout(120_000);
      }
    }

    it('of two sequences in one batch equal those of each alone', async () => {
      const model = await openModel(await modelFile('sample', 2), { backend, threads, context: 64 });
      const [a, b] = [goldenTokens('sample').slice(0, 20), goldenTokens('sample').slice(30, 43)];
      const alone = async (tokens: number[]): Promise<Float32Array> =>
        (await model.forward([{ cache: model.createCache(), position: 0, tokens }])).slice();
      const expected = [...bits(await alone(a)), ...bits(await alone(b))];
      const together = await model.forward([
        { cache: model.createCache(), position: 0, tokens: a },
        { cache: model.createCache(), position: 0, tokens: b },
      ]);
      assert.deepEqual([...bits(together)], expected);
      await model.close();
    });
  });
}

describe('fidelity to transformers', () => {
  for (const name of ['tied-gqa-bf16', 'untied-mha-f32', 'sample'] as const) {
    it(`of ${name} v1 is within 1e-4 at every position`, async () => {
      const logits = await logitsOf(name, 1, backends[0]!, 512);
      const oracle = goldenFloats(name, 'logits.f32');
      logits.forEach((logit, i) => {
        assert(Math.abs(logit - oracle[i]!) <= 1e-4, `logit ${i}: ${logit}, expected ${oracle[i]}`);
      });
    }).timeout(120_000);
  }

  for (const name of ['tied-gqa-bf16', 'untied-mha-f32'] as const) {
    it(`of ${name} v2 is at most 10 % worse than the simulated quantized pass`, async () => {
      const oracle = goldenFloats(name, 'logits.f32');
      const distance = (logits: Float32Array): number =>
        logits.reduce((sum, logit, i) => sum + Math.abs(logit - oracle[i]!), 0) / logits.length;
      const ours = distance(await logitsOf(name, 2, backends[0]!, 512));
      assert(ours <= 1.1 * distance(goldenFloats(name, 'w8a8.f32')), `mean difference ${ours}`);
    }).timeout(120_000);
  }
});
