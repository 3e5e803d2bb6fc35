// Leaving early, aborting and closing: at once, and nothing stays behind.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { createEngine, type Engine, generate, type Model, openModel } from '@llama-ts/runtime';
import { modelFile } from '../50-runtime/support.js';
import { outcome } from './support.js';

describe('a request to the engine', () => {
  let model: Model;
  let engine: Engine;
  before(async () => {
    model = await openModel(await modelFile('tied-gqa-bf16', 2), { context: 48 });
  });
  beforeEach(() => {
    engine = createEngine(model, { maxSequences: 1 });
  });
  afterEach(() => engine.close());
  after(() => model.close());

  /** The engine is as good as new: it can run a request that takes a whole context. */
  async function isFree(): Promise<void> {
    const options = { temperature: 1.5, seed: 3 };
    assert.deepEqual(await outcome(engine.submit([1], options)), await outcome(generate(model, [1], options)));
    assert.equal(engine.nRunning + engine.nWaiting, 0);
  }

  it('ends with the reason of its signal while it runs, even with unread events', async () => {
    const controller = new AbortController();
    const events = engine.submit([1], { signal: controller.signal, seed: 2, temperature: 1.5 });
    await events.next();
    await events.next();
    controller.abort(new Error('enough'));
    assert.equal(engine.nRunning, 0);
    await assert.rejects(events.next(), /enough/);
    assert.deepEqual(await events.next(), { done: true, value: undefined });
    await isFree();
  });

  it('ends with the reason of its signal while it waits, and the next one moves up', async () => {
    const controller = new AbortController();
    const first = outcome(engine.submit([1], { maxTokens: 5 }));
    const second = engine.submit([2], { signal: controller.signal });
    const third = outcome(engine.submit([3], { maxTokens: 5 }));
    controller.abort(new Error('enough'));
    assert.equal(engine.nWaiting, 2);
    await assert.rejects(second.next(), /enough/);
    await Promise.all([first, third]);
  });

  it('ends when its reader leaves the loop, and when the reader never entered it', async () => {
    for await (const event of engine.submit([1])) if (event.type === 'token') break;
    assert.equal(engine.nRunning, 0);
    await engine.submit([1]).return();
    assert.equal(engine.nWaiting, 0);
    await isFree();
  });

  it('runs to its end when its events are not read', async () => {
    const events = engine.submit([1], { maxTokens: 3, temperature: 0 });
    while (engine.nRunning + engine.nWaiting > 0) await new Promise(setImmediate);
    assert.deepEqual(await outcome(events), await outcome(generate(model, [1], { maxTokens: 3, temperature: 0 })));
  });

  it('stops a running pass once no request waits for it', async () => {
    let passSignal: AbortSignal | undefined;
    const spy: Model = {
      ...model,
      forward(batch, options) {
        passSignal = options?.signal;
        return model.forward(batch, options);
      },
    };
    const shared = createEngine(spy);
    const controllers = [new AbortController(), new AbortController()];
    const requests = controllers.map(({ signal }) => outcome(shared.submit([1], { signal })));
    const rejections = requests.map((request) => assert.rejects(request, /enough/));
    while (passSignal === undefined) await null;
    controllers[0]!.abort(new Error('enough'));
    assert.equal(passSignal.aborted, false);
    controllers[1]!.abort(new Error('enough'));
    assert.equal(passSignal.aborted, true);
    await Promise.all(rejections);
    await shared.close();
  });

  it('leaves no listener on its signal, however it ends', async () => {
    const { signal } = new AbortController();
    await outcome(engine.submit([1], { signal, maxTokens: 2 }));
    for await (const _ of engine.submit([1], { signal })) break;
    const closed = createEngine(model);
    const events = closed.submit([1], { signal });
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    await closed.close();
    await assert.rejects(events.next(), { code: 'ENGINE_CLOSED' });
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  it('shares one listener with the others of its signal, which ends them all', async () => {
    const controller = new AbortController();
    const requests = Array.from({ length: 12 }, () => engine.submit([1], { signal: controller.signal }));
    assert.equal(getEventListeners(controller.signal, 'abort').length, 1);
    await requests[5]!.return();
    assert.equal(getEventListeners(controller.signal, 'abort').length, 1);
    controller.abort(new Error('enough'));
    assert.equal(engine.nRunning + engine.nWaiting, 0);
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), []);
    assert.deepEqual(await requests[5]!.next(), { done: true, value: undefined });
    for (const [i, request] of requests.entries()) if (i !== 5) await assert.rejects(request.next(), /enough/);
  });

  it('is refused by an engine that was closed; the model stays open', async () => {
    await engine.close();
    assert.throws(() => engine.submit([1]), { code: 'ENGINE_CLOSED' });
    await outcome(generate(model, [1], { maxTokens: 1 }));
  });
});
