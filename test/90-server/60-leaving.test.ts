// Clients that leave, read slowly, or are too many: each costs only its own request.

import { strict as assert } from 'node:assert';
import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { Model } from '@llama-ts/runtime';
import type { LogEntry } from '@llama-ts/server';
import { dataOf, errorOf, openSample, serve, type TestServer } from './support.js';

const long = { prompt: 'Once upon a time', max_tokens: 1500, temperature: 1, logit_bias: {} };

describe('a client of the server', () => {
  let model: Model;
  let api: TestServer;
  before(async () => {
    model = await openSample();
  });
  beforeEach(async () => {
    api = await serve(model, {}, { maxSequences: 1, maxWaiting: 1, maxUnread: 4, prefillChunk: 8 });
  });
  afterEach(() => api.engine.close());
  after(() => model.close());

  function nHeld(): number {
    return api.engine.nRunning + api.engine.nWaiting;
  }

  /** A stream whose first chunk has come. */
  async function begun(body: object = long): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    const reader = (await api.post('/v1/completions', { ...body, stream: true })).body!.getReader();
    await reader.read();
    return reader;
  }

  it('that disconnects during its streamed answer frees its place at once', async () => {
    const reader = await begun();
    assert.equal(nHeld(), 1);
    await reader.cancel();
    assert.equal(nHeld(), 0);
    await (await api.post('/v1/completions', { ...long, max_tokens: 2 })).text();
  });

  it('that disconnects while it waits for an answer without streaming frees its place at once', async () => {
    const controller = new AbortController();
    const answer = api.post('/v1/completions', long, { signal: controller.signal });
    while (nHeld() === 0) await setImmediate();
    controller.abort();
    assert.equal(nHeld(), 0);
    assert.equal((await answer).status, 503);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });

  it('that disconnects while it sends its request has left, and is no fault of the server', async () => {
    const log: LogEntry[] = [];
    const other = await serve(model, { log: (entry) => log.push(entry) });
    const controller = new AbortController();
    let nPulls = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(stream) {
        if (nPulls++ === 0) return stream.enqueue(new TextEncoder().encode('{"prompt": "Once'));
        controller.abort();
        stream.error(new Error('aborted'));
      },
    });
    const init = { method: 'POST', body, duplex: 'half', signal: controller.signal };
    const response = await other.server.fetch(new Request('http://localhost/v1/completions', init as RequestInit));
    assert.equal(response.status, 503);
    assert.deepEqual(
      log.map(({ status, error }) => [status, error]),
      [[503, 'the client has left']],
    );
  });

  it('that disconnects during prefill frees its place at once', async () => {
    const controller = new AbortController();
    const prompt = 'a fox '.repeat(700);
    const answer = api.post('/v1/completions', { prompt, max_tokens: 1 }, { signal: controller.signal });
    while (api.engine.nRunning === 0) await setImmediate();
    controller.abort();
    assert.equal(nHeld(), 0);
    await answer;
  });

  it('that disconnects in the queue frees its place at once, and its answer is never begun', async () => {
    const first = await begun();
    const controller = new AbortController();
    const second = api.post('/v1/completions', long, { signal: controller.signal });
    while (nHeld() < 2) await setImmediate();
    controller.abort();
    assert.equal(nHeld(), 1);
    await second;
    await first.cancel();
    assert.equal(nHeld(), 0);
  });

  it('is refused with Retry-After when the queue is full, and then holds nothing', async () => {
    const readers = [await begun()];
    const waiting = await api.post('/v1/completions', { ...long, stream: true });
    const response = await api.post('/v1/completions', long);
    assert.equal(response.headers.get('retry-after'), '1');
    const error = await errorOf(response);
    assert.deepEqual([error.status, error.code, error.type], [429, 'rate_limit_exceeded', 'rate_limit_error']);
    assert.equal(nHeld(), 2);
    for (const reader of [...readers, waiting.body!.getReader()]) await reader.cancel();
    // If one of several answers does not fit, all are refused.
    assert.equal((await api.post('/v1/completions', { ...long, n: 3 })).status, 429);
    assert.equal(nHeld(), 0);
  });

  it('that does not read its answer pauses it, and another client is answered meanwhile', async () => {
    const slow = await begun();
    const text = await (await api.post('/v1/completions', { ...long, max_tokens: 20, seed: 1 })).text();
    assert.match(text, /"text":/);
    assert.equal(api.engine.nRunning, 0);
    assert.equal(api.engine.nWaiting, 1);
    await slow.cancel();
    assert.equal(nHeld(), 0);
  });

  it('gets an error in the stream when its answer fails, and the stream closes', async () => {
    const stream = await api.post('/v1/chat/completions', {
      ...{ messages: [{ role: 'user', content: 'Tell me a story.' }], max_tokens: 1500, stream: true },
    });
    while (api.engine.nRunning === 0) await setImmediate();
    api.server.endAll();
    const last = JSON.parse((await dataOf(stream)).at(-1)!);
    assert.deepEqual([last.error.code, last.error.type], ['terminated', 'server_error']);
    assert.equal(nHeld(), 0);
  });

  it('is refused with 503 when the server shuts down, while running answers go on', async () => {
    const running = await api.post('/v1/completions', { prompt: 'Once', max_tokens: 3, stream: true });
    api.server.drain();
    const response = await api.post('/v1/completions', long);
    assert.ok(Number(response.headers.get('retry-after')) > 0);
    assert.deepEqual([response.status, (await errorOf(response)).code], [503, 'shutting_down']);
    assert.equal((await dataOf(running)).at(-1), '[DONE]');
  });

  it('leaves nothing behind after a thousand disconnects at any moment', async () => {
    const signals: AbortSignal[] = [];
    for (let i = 0; i < 1000; i++) {
      const controller = new AbortController();
      signals.push(controller.signal);
      const answer = api.post('/v1/completions', { ...long, stream: i % 2 === 0 }, { signal: controller.signal });
      for (let turn = 0; turn < i % 7; turn++) await setImmediate();
      controller.abort();
      await (await answer).body?.cancel();
      assert.equal(nHeld(), 0);
    }
    assert.ok(signals.every((signal) => getEventListeners(signal, 'abort').length === 0));
  }).timeout(120_000);
});
