// Bounds of the engine: how many requests may wait, and how far a reader may fall behind.

import assert from 'node:assert/strict';
import {
  createEngine,
  type Engine,
  type EngineOptions,
  type GenerateEvent,
  generate,
  type Model,
  openModel,
} from '@llama-ts/runtime';
import fc from 'fast-check';
import { modelFile } from '../50-runtime/support.js';
import { outcome, type RandomRequest, randomRequest, spyOn, withoutEnd } from './support.js';

describe('an engine with bounds', function () {
  this.timeout(60_000);
  let model: Model;
  let engine: Engine;
  before(async () => {
    model = withoutEnd(await openModel(await modelFile('tied-gqa-bf16', 2), { context: 48 }));
  });
  beforeEach(() => open({}));
  afterEach(() => engine.close());
  after(() => model.close());

  const open = (options: EngineOptions): Engine => {
    engine = createEngine(model, options);
    return engine;
  };
  const alone = ({ prompt, options }: RandomRequest) => outcome(generate(model, prompt, options));

  it('refuses a request when as many run and wait as its bounds allow, and accepts one again when another has ended', async () => {
    open({ maxSequences: 2, maxWaiting: 1 });
    const requests = [1, 2, 3].map((id) => engine.submit([id], { maxTokens: 5 }));
    assert.throws(() => engine.submit([4]), {
      code: 'QUEUE_FULL',
      message: /at most 2 requests run and 1 wait$/,
    });
    await requests[1]!.return();
    const last = engine.submit([4], { maxTokens: 5 });
    await Promise.all([requests[0]!, requests[2]!, last].map(outcome));
  });

  it('counts a request whose reader is slow among those that wait', async () => {
    open({ maxSequences: 1, maxWaiting: 1, maxUnread: 2 });
    engine.submit([1], { maxTokens: 20 });
    await untilIdle(engine);
    assert.deepEqual([engine.nRunning, engine.nWaiting], [0, 1]);
    engine.submit([2], { maxTokens: 20 });
    await untilIdle(engine);
    assert.throws(() => engine.submit([3]), { code: 'QUEUE_FULL' });
  });

  it('pauses a request at its maximum of unread events, and computes nothing more for it', async () => {
    const { spy, passes } = spyOn(model);
    const narrow = createEngine(spy, { maxUnread: 4 });
    const events = narrow.submit([1], { maxTokens: 30, temperature: 0 });
    await untilIdle(narrow);
    // The end of the prompt and three tokens, of which the first needs no pass of its own.
    assert.equal(passes.length, 3);
    await events.next();
    await untilIdle(narrow);
    assert.equal(passes.length, 3, 'three unread events are more than half');
    await events.next();
    await untilIdle(narrow);
    assert.equal(passes.length, 5);
    await narrow.close();
  });

  it('gives the place and the memory of a paused request to others, and still gives it the tokens that it gets alone', async () => {
    open({ maxSequences: 1, maxContexts: 1, maxUnread: 3 });
    const options = { temperature: 1.5, seed: 5 };
    const slow = engine.submit([1, 2, 3], options);
    await untilIdle(engine);
    const quick = await outcome(engine.submit([4], options));
    assert.deepEqual(quick, await alone({ prompt: [4], options }));
    assert.deepEqual(await outcome(slow), await alone({ prompt: [1, 2, 3], options }));
  });

  it('resumes a request whose reader has caught up before those that wait for their turn', async () => {
    open({ maxSequences: 1, maxUnread: 2 });
    const slow = engine.submit([1], { maxTokens: 3 });
    await untilIdle(engine);
    const ended: string[] = [];
    const read = async (name: string, events: AsyncIterable<GenerateEvent>) => {
      await outcome(events);
      ended.push(name);
    };
    const others = ['second', 'third'].map((name) => read(name, engine.submit([2], { maxTokens: 10 })));
    await Promise.all([read('slow', slow), ...others]);
    assert.ok(ended.indexOf('slow') < ended.indexOf('third'), ended.join());
  });

  it('frees a paused request whose reader leaves, whose signal is aborted, or whose engine is closed', async () => {
    open({ maxSequences: 1, maxContexts: 1, maxUnread: 1 });
    const controller = new AbortController();
    const left = engine.submit([1]);
    await untilIdle(engine);
    const aborted = engine.submit([2], { signal: controller.signal });
    await untilIdle(engine);
    await left.return();
    controller.abort(new Error('enough'));
    await assert.rejects(aborted.next(), /enough/);
    assert.equal(engine.nRunning + engine.nWaiting, 0);
    const closed = engine.submit([3]);
    await untilIdle(engine);
    await engine.close();
    await assert.rejects(closed.next(), { code: 'ENGINE_CLOSED' });
  });

  it('gives each request the tokens that it gets alone, however late and in whatever order readers read', async () => {
    const arrival = fc.record({
      request: randomRequest(model),
      /** Turns of the event loop before each event is taken. */
      nTurns: fc.array(fc.nat(6), { maxLength: 12 }),
      speculate: fc.constantFrom(false, true, { rowCost: 0 }),
    });
    const settings = fc.record({
      maxSequences: fc.integer({ min: 1, max: 4 }),
      maxContexts: fc.integer({ min: 1, max: 3 }),
      maxUnread: fc.integer({ min: 1, max: 9 }),
      prefillChunk: fc.integer({ min: 1, max: 64 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 8 }), settings, async (arrivals, options) => {
        const busy = createEngine(model, options);
        const all = arrivals.map(({ request, speculate }) =>
          busy.submit(request.prompt, { ...request.options, speculate }),
        );
        await Promise.all(
          arrivals.map(async ({ request, nTurns }, i) => {
            assert.deepEqual(await outcome(slowly(all[i]!, nTurns)), await alone(request));
          }),
        );
        assert.equal(busy.nRunning + busy.nWaiting, 0);
        await busy.close();
      }),
      { numRuns: 40 },
    );
  });

  for (const options of [{ maxWaiting: -1 }, { maxWaiting: 1.5 }, { maxUnread: 0 }]) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      assert.throws(() => open(options), { code: 'INVALID_OPTION' });
    });
  }
});

async function* slowly<T>(events: AsyncIterable<T>, nTurns: readonly number[]): AsyncGenerator<T, void> {
  const turn = () => new Promise(setImmediate);
  let i = 0;
  for await (const event of events) {
    for (let n = nTurns[i++ % Math.max(nTurns.length, 1)] ?? 0; n > 0; n--) await turn();
    yield event;
  }
}

/** Resolves when no request runs. */
async function untilIdle(engine: Engine): Promise<void> {
  do for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  while (engine.nRunning > 0);
}
