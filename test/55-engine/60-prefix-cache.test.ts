// Requests with the same beginning compute it once, and give the bits that they give without that.

import assert from 'node:assert/strict';
import {
  cacheTypes,
  createEngine,
  createPrefixCache,
  type EngineOptions,
  type GenerateEvent,
  generate,
  type Model,
  openModel,
} from '@llama-ts/runtime';
import fc from 'fast-check';
import { modelFile } from '../50-runtime/support.js';

/** Positions of a block. */
const BLOCK = 16;
const backends = [undefined, 'wasm'] as const;

/** What an answer came to, log-probabilities to the last bit; times and what was cached are left out. */
async function everyBit(events: AsyncIterable<GenerateEvent>) {
  const found: unknown[] = [];
  for await (const event of events) {
    if (event.type === 'token') found.push([event.id, event.text, event.logprobs]);
    if (event.type === 'end') found.push([event.reason, event.text]);
  }
  return found;
}

async function cachedTokens(events: AsyncIterable<GenerateEvent>): Promise<number> {
  let nCached = -1;
  for await (const event of events) if (event.type === 'prompt-end') nCached = event.nCached;
  return nCached;
}

/** `length` tokens that no other `first` gives. */
function run(first: number, length: number): number[] {
  return Array.from({ length }, (_, i) => 2 + ((first * 37 + i * 11) % 180));
}

/** The model, and how many rows each pass computed. */
function spyOn(model: Model) {
  const passes: number[] = [];
  const spy: Model = {
    ...model,
    forward(batch, options) {
      passes.push(batch.reduce((sum, { tokens }) => sum + tokens.length, 0));
      return model.forward(batch, options);
    },
  };
  return { spy, passes, nRows: () => passes.reduce((sum, n) => sum + n, 0) };
}

/** Prompts that branch from one another at random places, and the conversations that go on from their answers. */
const prompts = fc
  .array(fc.record({ first: fc.nat(3), length: fc.integer({ min: 1, max: 40 }), from: fc.nat(20), at: fc.nat(70) }), {
    minLength: 1,
    maxLength: 10,
  })
  .map((pieces) => {
    const all: number[][] = [];
    for (const { first, length, from, at } of pieces) {
      const earlier = all.length === 0 ? [] : all[from % all.length]!.slice(0, at);
      all.push([...earlier, ...run(first, length)].slice(0, 80));
    }
    return all;
  });

const arrival = fc.record({
  maxTokens: fc.integer({ min: 0, max: 12 }),
  temperature: fc.constantFrom(0, 1.2),
  seed: fc.integer({ min: 1, max: 99 }),
  speculate: fc.boolean(),
  turnsBefore: fc.constantFrom(0, 0, 0, 5, 40),
  leavesAfter: fc.option(fc.nat(4), { nil: null, freq: 4 }),
});

const settings = fc.record({
  cacheBytes: fc.oneof(fc.constantFrom(0, 1, 2 ** 30), fc.integer({ min: 0, max: 400_000 })),
  maxSequences: fc.integer({ min: 1, max: 6 }),
  maxContexts: fc.integer({ min: 1, max: 3 }),
  prefillChunk: fc.constantFrom(1, 7, 64),
  maxUnread: fc.constantFrom(1, 3, 256),
});

for (const backend of backends) {
  for (const cacheType of cacheTypes) {
    describe(`shared beginnings on ${backend ?? 'the native kernels'} with a cache in ${cacheType}`, function () {
      this.timeout(120_000);
      let model: Model;
      before(async () => {
        model = await openModel(await modelFile('sample', 2), {
          context: 96,
          cacheType,
          threads: 1,
          ...(backend && { backend }),
        });
      });
      after(() => model.close());

      it('change no bit of an answer: any prompts, orders, sizes of cache and batch, readers and aborts', async () => {
        await fc.assert(
          fc.asyncProperty(
            prompts,
            fc.array(arrival, { minLength: 14, maxLength: 14 }),
            settings,
            async (all, arrivals, options) => {
              const engine = createEngine(model, options);
              await Promise.all(
                arrivals.map(async ({ turnsBefore, leavesAfter, speculate, ...answer }, i) => {
                  for (let turn = 0; turn < turnsBefore; turn++) await new Promise(setImmediate);
                  const prompt = all[i % all.length]!;
                  const asked = { ...answer, logprobs: 2 };
                  const events = engine.submit(prompt, { ...asked, speculate });
                  if (leavesAfter === null) {
                    return assert.deepEqual(await everyBit(events), await everyBit(generate(model, prompt, asked)));
                  }
                  let nEvents = 0;
                  for await (const _ of events) if (nEvents++ === leavesAfter) break;
                }),
              );
              assert.equal(engine.nRunning + engine.nWaiting, 0);
              assert.ok(engine.prefixCache.byteLength <= options.cacheBytes);
              await engine.close();
            },
          ),
          { numRuns: 30, interruptAfterTimeLimit: 20_000 },
        );
      });
    });
  }
}

describe('the prefix cache of an engine', function () {
  this.timeout(60_000);
  let model: Model;
  before(async () => {
    const opened = await openModel(await modelFile('sample', 2), { context: 256, threads: 1 });
    model = { ...opened, settings: { ...opened.settings, eosIds: [] } };
  });
  after(() => model.close());

  const open = (options: EngineOptions = {}) => {
    const { spy, ...seen } = spyOn(model);
    return { engine: createEngine(spy, options), ...seen };
  };
  const system = run(1, 100);
  const answered = { maxTokens: 1 };

  it('computes a system prompt once, for requests that come one after another', async () => {
    const { engine, nRows } = open();
    assert.equal(await cachedTokens(engine.submit([...system, ...run(2, 20)], answered)), 0);
    assert.equal(await cachedTokens(engine.submit([...system, ...run(3, 20)], answered)), 100);
    assert.equal(await cachedTokens(engine.submit([...system, ...run(2, 10), ...run(4, 10)], answered)), 110);
    assert.equal(nRows(), 120 + 20 + 10);
    await engine.close();
  });

  for (const cacheBytes of [0, 2 ** 20]) {
    it(`computes a prompt once for many that come at once, also with a cache of ${cacheBytes} bytes`, async () => {
      const { engine, nRows } = open({ cacheBytes });
      const cached = await Promise.all(
        [2, 3, 4, 5].map((first) => cachedTokens(engine.submit([...system, first, ...run(first, 9)], answered))),
      );
      assert.deepEqual(cached, [0, 100, 100, 100]);
      assert.equal(nRows(), 100 + 4 * 10);
      await engine.close();
    });
  }

  it('computes but the last token of a prompt again for a further answer to it', async () => {
    const { engine, nRows } = open();
    const cached = await Promise.all(
      [1, 2, 3].map((seed) => cachedTokens(engine.submit(system, { ...answered, seed }))),
    );
    assert.deepEqual(cached, [0, 99, 99]);
    assert.equal(nRows(), 102);
    await engine.close();
  });

  it('lets a request that waits for a shared beginning begin alone when the one that computes it leaves', async () => {
    const { engine, passes } = open({ prefillChunk: 20 });
    const controller = new AbortController();
    const first = cachedTokens(engine.submit(system, { ...answered, signal: controller.signal }));
    const second = cachedTokens(engine.submit(system, answered));
    while (passes.length < 2) await new Promise(setImmediate);
    controller.abort(new Error('enough'));
    await assert.rejects(first, /enough/);
    // What the first one had computed is kept.
    const cached = await second;
    assert.ok(cached > 0 && cached < 99, String(cached));
    await engine.close();
  });

  it('holds no request up for a beginning that is shorter than a pass is worth', async () => {
    const { engine, passes } = open();
    const both = [2, 3].map((first) => cachedTokens(engine.submit([...system.slice(0, 15), first], answered)));
    assert.deepEqual(await Promise.all(both), [0, 0]);
    assert.deepEqual(passes.slice(0, 1), [16]);
    await engine.close();
  });

  it('keeps an answer too, so that a conversation goes on where it ended', async () => {
    const { engine } = open();
    const ids: number[] = [];
    for await (const event of engine.submit(system, { maxTokens: 30, seed: 3 })) {
      if (event.type === 'token') ids.push(event.id);
    }
    // The last token was chosen and not computed.
    assert.equal(await cachedTokens(engine.submit([...system, ...ids, ...run(5, 5)], answered)), 129);
    await engine.close();
  });

  it('drops what was used least recently, and keeps what all share', async () => {
    const perPosition = bytesOf(model, 1);
    const { engine } = open({ cacheBytes: 160 * perPosition });
    const branch = (first: number) => [...system.slice(0, 96), ...run(first, 33)];
    const cached = async (first: number) => cachedTokens(engine.submit(branch(first), answered));
    // Of ten blocks, six are shared, and a branch has three of its own: one is free for the second, two are the first's last.
    assert.equal(await cached(2), 0);
    assert.equal(await cached(3), 96);
    assert.equal(await cached(3), 128);
    assert.equal(await cached(2), 112);
    assert.equal(await cached(3), 112);
    await engine.close();
  });

  it('takes no more bytes than it may, and takes each once', async () => {
    const cacheBytes = 300_000;
    const { engine } = open({ cacheBytes });
    const sizes: number[] = [];
    for (let i = 0; i < 60; i++) {
      await cachedTokens(engine.submit(run(i, 60 + i), answered));
      sizes.push(engine.prefixCache.byteLength);
    }
    assert.ok(sizes.at(-1)! <= cacheBytes && sizes.at(-1)! > cacheBytes - 2 * bytesOf(model, BLOCK));
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(sizes.slice(20)).size, 1);
    await engine.close();
    assert.equal(engine.prefixCache.byteLength, 0);
  });

  it('goes on with what memory there is', async () => {
    let nLeft = 2;
    const createCache: Model['createCache'] = (options) => {
      if (options?.positions !== undefined && options.positions > 1 && nLeft-- <= 0)
        throw new RangeError('no memory for it');
      return model.createCache(options);
    };
    const engine = createEngine({ ...model, createCache, contextLength: 32 });
    for (let i = 0; i < 9; i++) await cachedTokens(engine.submit(run(i, 30), answered));
    assert.equal(engine.prefixCache.byteLength, 2 * bytesOf(model, 32));
    assert.equal(await cachedTokens(engine.submit(run(8, 30), answered)), 29);
    await engine.close();
  });

  for (const cacheBytes of [-1, 1.5, Number.NaN]) {
    it(`refuses a size of ${cacheBytes} bytes`, () => {
      assert.throws(() => createEngine(model, { cacheBytes }), { code: 'INVALID_OPTION' });
    });
  }
});

describe('a prefix cache', function () {
  this.timeout(60_000);
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('tied-gqa-bf16', 2), { context: 64, threads: 1 });
  });
  after(() => model.close());

  /** A cache whose every position says which tokens lead to it. */
  function cacheOf(tokens: readonly number[]) {
    const cache = model.createCache();
    let sum = 1;
    for (const [position, token] of tokens.entries()) {
      sum = (sum * 31 + token) % 65_521;
      for (const [i, value] of valuesAt(cache, position).entries()) {
        cache.keys[value] = sum + i / 1000;
        cache.values[value] = -sum - i / 1000;
      }
    }
    return cache;
  }

  it('gives back the rows of the longest beginning that it was given, and of no other sequence', () => {
    const tokens = fc.array(fc.nat(1), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(tokens, { minLength: 1, maxLength: 12 }), tokens, fc.nat(60), (saved, wanted, from) => {
        const prefixCache = createPrefixCache(model);
        for (const one of saved) prefixCache.save(one, cacheOf(one));
        const longest = Math.max(...saved.map((one) => sharedLength(one, wanted)));
        assert.equal(prefixCache.match(wanted), longest);
        const own = model.createCache();
        assert.equal(prefixCache.load(wanted, own, from), longest);
        const expected = cacheOf(wanted);
        for (let position = 0; position < 64; position++) {
          const isCopied = position >= from && position < longest;
          for (const i of valuesAt(own, position)) {
            assert.equal(own.keys[i], isCopied ? expected.keys[i] : 0);
            assert.equal(own.values[i], isCopied ? expected.values[i] : 0);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives back rows of the sequence itself, whatever it had to drop', () => {
    const tokens = fc.array(fc.nat(2), { minLength: 1, maxLength: 60 });
    const blocks = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(fc.array(tokens, { minLength: 1, maxLength: 30 }), blocks, (saved, nBlocks) => {
        const prefixCache = createPrefixCache(model, nBlocks * bytesOf(model, BLOCK));
        for (const one of saved) {
          prefixCache.save(one, cacheOf(one));
          assert.equal(prefixCache.match(one), Math.min(one.length, nBlocks * BLOCK));
          for (const other of saved) {
            const own = model.createCache();
            const expected = cacheOf(other);
            for (let p = 0, n = prefixCache.load(other, own); p < n; p++) {
              for (const i of valuesAt(own, p)) assert.equal(own.keys[i], expected.keys[i]);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps nothing of a cache of another element type, and gives it nothing', () => {
    const prefixCache = createPrefixCache(model);
    const half = model.createCache({ type: 'f16' });
    prefixCache.save([1, 2, 3], half);
    assert.equal(prefixCache.match([1, 2, 3]), 0);
    prefixCache.save([1, 2, 3], model.createCache());
    assert.equal(prefixCache.load([1, 2, 3], half), 0);
  });
});

/** Indices of the elements of a position in keys and in values. */
function valuesAt(
  { nLayers, nKvHeads, seqLen, headDim }: ReturnType<Model['createCache']>,
  position: number,
): number[] {
  return Array.from({ length: nLayers * nKvHeads * headDim }, (_, i) => {
    return (Math.floor(i / headDim) * seqLen + position) * headDim + (i % headDim);
  });
}

function sharedLength(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((token, i) => token !== b[i]);
  return at < 0 ? a.length : at;
}

function bytesOf(model: Model, positions: number): number {
  const { keys, values } = model.createCache({ positions });
  return keys.byteLength + values.byteLength;
}
