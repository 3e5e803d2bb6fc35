// While a backend with threads computes a long prompt, the caller's event loop turns, and a signal stops the threads.

import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { type Model, openModel } from '@llama-ts/runtime';
import { backends, bits, goldenTokens, modelFile } from './support.js';

const N_TOKENS = 2000;
/** The pass takes thousands of turns; one that held the loop would take a handful. */
const MIN_TURNS = 100;

const some = goldenTokens('sample');
const tokens = Array.from({ length: N_TOKENS }, (_, i) => some[i % some.length]!);

// The reference computes on the caller's thread.
for (const backend of backends.filter((name) => name !== 'reference')) {
  describe(`a long prompt on the ${backend} kernels`, function () {
    this.timeout(120_000);
    let model: Model;
    before(async () => {
      model = await openModel(await modelFile('sample', 2), { backend, threads: 1, context: N_TOKENS });
    });
    after(() => model.close());

    it('does not block the event loop', async () => {
      let isDone = false;
      const pass = model.forward([{ cache: model.createCache(), position: 0, tokens }]).finally(() => {
        isDone = true;
      });
      let turns = 0;
      while (!isDone) {
        await setImmediate();
        turns++;
      }
      await pass;
      assert(turns >= MIN_TURNS, `the event loop turned ${turns} times`);
    });

    it('stops before its end when its signal is aborted, and the model can be used further', async () => {
      const cache = model.createCache();
      const controller = new AbortController();
      const pass = model.forward([{ cache, position: 0, tokens }], { signal: controller.signal });
      const rejection = assert.rejects(pass, /enough/);
      const lastOfLayer = (layer: number) => {
        const end = (cache.keys.length / cache.nLayers) * (layer + 1);
        return cache.keys.subarray(end - cache.headDim, end);
      };
      while (lastOfLayer(0).every((key) => key === 0)) await setImmediate();
      controller.abort(new Error('enough'));
      await rejection;
      assert(
        lastOfLayer(cache.nLayers - 1).every((key) => key === 0),
        'the pass went on to its end',
      );

      const short = { position: 0, tokens: some.slice(0, 10) };
      const after = bits(await model.forward([{ cache, ...short }]));
      assert.deepEqual(after, bits(await model.forward([{ cache: model.createCache(), ...short }])));
    });
  });
}
