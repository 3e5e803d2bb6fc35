// Each request gives the tokens it gives alone, with any other requests.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { ToolkitError } from '@llama-ts/base';
import { createEngine, type Engine, type GenerateEvent, generate, type Model, openModel } from '@llama-ts/runtime';
import fc from 'fast-check';
import { modelFile } from '../50-runtime/support.js';
import { outcome, type RandomRequest, randomRequest, spyOn, withoutEnd } from './support.js';

describe('the engine', function () {
  this.timeout(60_000);
  let model: Model;
  let engine: Engine;
  before(async () => {
    model = await openModel(await modelFile('tied-gqa-bf16', 2), { context: 48 });
  });
  beforeEach(() => {
    engine = createEngine(model, { maxSequences: 3 });
  });
  afterEach(() => engine.close());
  after(() => model.close());

  const alone = ({ prompt, options }: RandomRequest) => outcome(generate(model, prompt, options));

  it('gives each request the tokens that it gets alone, whatever the arrivals, lengths, samplers, chunks and aborts', async () => {
    const arrival = fc.record({
      request: randomRequest(model),
      millisecondsBefore: fc.constantFrom(0, 0, 0, 1, 3),
      leavesAfter: fc.option(fc.nat(8), { nil: null, freq: 3 }),
      speculate: fc.constantFrom(false, true, { rowCost: 0 }),
    });
    const settings = fc.record({
      maxSequences: fc.integer({ min: 1, max: 6 }),
      prefillChunk: fc.integer({ min: 1, max: 64 }),
      maxContexts: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      maxDelayMilliseconds: fc.constantFrom(0.01, 1, 200),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 10 }), settings, async (arrivals, options) => {
        const busy = createEngine(model, options);
        try {
          await Promise.all(
            arrivals.map(async ({ request, millisecondsBefore, leavesAfter, speculate }) => {
              if (millisecondsBefore > 0) await delay(millisecondsBefore);
              const events = busy.submit(request.prompt, { ...request.options, speculate });
              if (leavesAfter === null) return assert.deepEqual(await outcome(events), await alone(request));
              let nEvents = 0;
              for await (const _ of events) if (nEvents++ === leavesAfter) break;
            }),
          );
          assert.equal(busy.nRunning + busy.nWaiting, 0);
        } finally {
          await busy.close();
        }
      }),
      { numRuns: 60, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
    );
  });

  it('yields the events of generate', async () => {
    const options = { maxTokens: 3, temperature: 0 };
    const types = async (events: AsyncIterable<GenerateEvent>) => {
      const found: string[] = [];
      for await (const { type } of events) found.push(type);
      return found;
    };
    const found = await types(engine.submit([1, 2], options));
    assert.deepEqual(found, await types(generate(model, [1, 2], options)));
    assert.deepEqual(found, ['prompt-end', 'token', 'token', 'token', 'end']);
  });

  it('computes a token for each running request in one pass', async () => {
    const { spy, passes } = spyOn(withoutEnd(model));
    const shared = createEngine(spy, { maxSequences: 4 });
    await Promise.all([5, 6, 7, 8].map((id) => outcome(shared.submit([id], { maxTokens: 10, seed: id }))));
    assert.deepEqual(passes, new Array(10).fill([1, 1, 1, 1]));
  });

  it('lets requests join and leave between passes', async () => {
    const { spy, passes } = spyOn(withoutEnd(model));
    const shared = createEngine(spy);
    const first = shared.submit([1], { maxTokens: 6 });
    await first.next();
    const second = outcome(shared.submit([2, 3], { maxTokens: 2 }));
    await Promise.all([outcome(first), second]);
    assert.deepEqual(passes[0], [1]);
    assert(passes.some((rows) => rows.join() === '1,2'));
    assert.deepEqual(passes.at(-1), [1]);
  });

  it('runs at most maxSequences requests at once, in the order they came', async () => {
    const { spy, passes } = spyOn(withoutEnd(model));
    const narrow = createEngine(spy, { maxSequences: 2 });
    const ended: number[] = [];
    const requests = [1, 2, 3, 4, 5].map(async (id) => {
      await outcome(narrow.submit([id], { maxTokens: 4, seed: id }));
      ended.push(id);
    });
    assert.equal(narrow.nWaiting, 5);
    await Promise.all(requests);
    assert.deepEqual(ended, [1, 2, 3, 4, 5]);
    assert(passes.every((rows) => rows.length <= 2));
  });

  it('keeps the KV caches of all requests within its memory bound', async () => {
    let nContexts = 0;
    const { spy, passes } = spyOn(withoutEnd(model));
    const createCache: Model['createCache'] = (options) => {
      if (options === undefined) nContexts++;
      return model.createCache(options);
    };
    const small = createEngine({ ...spy, createCache }, { maxSequences: 9, maxContexts: 2 });
    // 16 positions each, for the last token is not computed: three to a context.
    const maxTokens = 15;
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8, 9].map((seed) => outcome(small.submit([1, 2], { maxTokens, seed }))));
    assert.equal(Math.max(...passes.map((rows) => rows.length)), 6);
    assert.equal(nContexts, 2);
  });

  it('divides the prompt tokens of a pass equally, and begins with a small pass', async () => {
    const { spy, passes } = spyOn(withoutEnd(model));
    const shared = createEngine(spy);
    const prompt = (length: number, id: number) => new Array<number>(length).fill(id);
    const requests = [40, 3, 40].map((length, i) => outcome(shared.submit(prompt(length, i), { maxTokens: 1 })));
    await Promise.all(requests);
    assert.deepEqual(passes[0], [7, 3, 6]);
  });

  it('gives prompts smaller chunks after a slow pass, and larger ones after a fast pass', async () => {
    let milliseconds = 0;
    const { spy, passes } = spyOn(withoutEnd(model), (nRows) => {
      milliseconds += 20 * nRows;
    });
    const slow = createEngine(spy, { now: () => milliseconds, maxDelayMilliseconds: 100, prefillChunk: 1000 });
    await outcome(slow.submit(new Array(48).fill(1), { maxTokens: 1 }));
    assert.deepEqual(passes.slice(0, 3), [[16], [3], [3]]);
    const quick = spyOn(withoutEnd(model), () => {
      milliseconds += 1;
    });
    const fast = createEngine(quick.spy, { now: () => milliseconds, maxDelayMilliseconds: 100 });
    await outcome(fast.submit(new Array(48).fill(1), { maxTokens: 1 }));
    assert.deepEqual(quick.passes, [[16], [32]]);
  });

  it('repeats a failed pass with each request alone: only requests that fail alone fail', async () => {
    const spy: Model = {
      ...model,
      async forward(batch, options) {
        if (batch.some(({ tokens }) => tokens[0] === 13)) throw new ToolkitError('NON_FINITE', 'thirteen');
        return model.forward(batch, options);
      },
    };
    const shared = createEngine(spy);
    const good = { prompt: [1, 2, 3], options: { maxTokens: 5, temperature: 0 } };
    const found = outcome(shared.submit(good.prompt, good.options));
    const bad = outcome(shared.submit([13], { maxTokens: 5 }));
    await assert.rejects(bad, { code: 'NON_FINITE' });
    assert.deepEqual(await found, await alone(good));
  });

  it('refuses a request that can never run at once', () => {
    const tooLong = new Array<number>(49).fill(1);
    assert.throws(() => engine.submit(tooLong), { code: 'CONTEXT_EXCEEDED' });
    assert.throws(() => engine.submit([]), { code: 'INVALID_OPTION' });
    assert.throws(() => engine.submit([1], { temperature: -1 }), { code: 'INVALID_OPTION' });
    assert.throws(() => engine.submit('text'), { code: 'NO_TOKENIZER' });
    assert.throws(() => engine.submit([1], { signal: AbortSignal.abort(new Error('enough')) }), /enough/);
    assert.equal(engine.nWaiting, 0);
  });

  for (const options of [
    { maxSequences: 0 },
    { maxSequences: 1025 },
    { maxContexts: 0 },
    { prefillChunk: 0 },
    { maxDelayMilliseconds: 0 },
  ]) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => createEngine(model, options), { code: 'INVALID_OPTION' });
    });
  }
});
