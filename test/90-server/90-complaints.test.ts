// What users of other servers complain of, one test for each complaint, by its name.

import { strict as assert } from 'node:assert';
import { setImmediate } from 'node:timers/promises';
import { ToolkitError } from '@llama-ts/base';
import type { Engine, Model } from '@llama-ts/runtime';
import { errorOf, openSample, scriptedEngine, serve, serveOn, type TestServer } from './support.js';

interface Completion {
  readonly choices: readonly { readonly text: string }[];
  readonly usage: {
    readonly prompt_tokens: number;
    readonly prompt_tokens_details: { readonly cached_tokens: number };
  };
}

describe('what goes wrong elsewhere does not go wrong here:', () => {
  let model: Model;
  before(async () => {
    model = await openSample();
  });
  after(() => model.close());

  async function complete(api: TestServer, body: object): Promise<Completion> {
    const response = await api.post('/v1/completions', body);
    assert.equal(response.status, 200);
    return (await response.json()) as Completion;
  }

  it('the context is cut in silence, or split among slots (ollama#2722, #4447, #6286; llama.cpp#11681)', async () => {
    const api = await serve(model, {}, { maxSequences: 4 });
    const whole = 'cow '.repeat(2000);
    const nWhole = model.tokenizer!.encode(whole).length + 1;
    assert.ok(nWhole > 1900 && nWhole < 2048);
    const answers = await Promise.all(
      [1, 2, 3, 4].map((seed) => complete(api, { prompt: whole, max_tokens: 2, seed })),
    );
    for (const { usage } of answers) assert.equal(usage.prompt_tokens, nWhole);
    const long = 'cow '.repeat(3000);
    const nLong = model.tokenizer!.encode(long).length + 1;
    const error = await errorOf(await api.post('/v1/completions', { prompt: long, max_tokens: 2 }));
    assert.deepEqual([error.status, error.code], [400, 'context_length_exceeded']);
    assert.ok(error.message.includes(`${nLong}`) && error.message.includes('2048'), error.message);
    await api.engine.close();
  });

  it('a client that leaves is not noticed, queued, in its prompt or generating (llama.cpp#11720, #13262, #24496; ik#1020, #1929)', async () => {
    let nPasses = 0;
    const counted: Model = {
      ...model,
      forward: (batch, options) => {
        nPasses++;
        return model.forward(batch, options);
      },
    };
    // An answer that does not end by itself.
    const logit_bias = Object.fromEntries(model.settings.eosIds.map((id) => [id, -100]));
    const long = { prompt: 'Once upon a time', max_tokens: 1500, stream: true, logit_bias };
    for (const stage of ['queued', 'in its prompt', 'generating'] as const) {
      const api = await serve(counted, {}, { maxSequences: 1, prefillChunk: 4, maxUnread: 2000 });
      const others = stage === 'queued' ? [await api.post('/v1/completions', long)] : [];
      const controller = new AbortController();
      const body = stage === 'in its prompt' ? { ...long, prompt: 'a fox '.repeat(700), max_tokens: 1 } : long;
      const stream = await api.post('/v1/completions', body, { signal: controller.signal });
      assert.equal(stream.status, 200);
      if (stage === 'generating') await stream.body!.getReader().read();
      while (api.engine.nRunning !== 1 || api.engine.nWaiting !== others.length) await setImmediate();
      nPasses = 0;
      controller.abort();
      assert.equal(api.engine.nRunning + api.engine.nWaiting, others.length, stage);
      for (const other of others) await other.body!.cancel();
      for (let turn = 0; turn < 50; turn++) await setImmediate();
      assert.ok(nPasses <= 1 + others.length, `${stage}: ${nPasses} passes`);
      await api.engine.close();
    }
  });

  it('the prompt cache is not reused, or grows without bound (llama.cpp#3738, #7185, #25740)', async () => {
    const system = 'You are a cow that talks to children. '.repeat(20);
    const ask = (api: TestServer, i: number) => complete(api, { prompt: `${system} ${i}`, max_tokens: 4, seed: 1 });
    const cold = await serve(model, {}, { cacheBytes: 0 });
    const warm = await serve(model, {}, { cacheBytes: 4_000_000 });
    const { arrayBuffers: before } = process.memoryUsage();
    for (let i = 0; i < 12; i++) {
      const found = await ask(warm, i);
      if (i > 0) assert.ok(found.usage.prompt_tokens_details.cached_tokens > 100);
      if (i < 3) assert.deepEqual(found.choices, (await ask(cold, i)).choices);
      // Others fill the cache in between.
      await complete(warm, { prompt: `${i} foxes `.repeat(20), max_tokens: 1 });
    }
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 100_000_000, `${grown} bytes`);
    await Promise.all([cold.engine.close(), warm.engine.close()]);
  });

  it("one request's failure ends others' (llama.cpp#23652)", async () => {
    const [bad] = model.tokenizer!.encode(' dragon');
    const faulty: Model = {
      ...model,
      forward: async (batch, options) => {
        if (batch.some(({ tokens }) => Array.from(tokens).includes(bad!))) {
          throw new ToolkitError('NON_FINITE', 'a pass left the finite numbers');
        }
        return model.forward(batch, options);
      },
    };
    const api = await serve(faulty);
    const body = { prompt: 'Once upon a time', max_tokens: 12, logit_bias: { [bad!]: -100 } };
    const alone = (await complete(api, { ...body, seed: 1 })).choices;
    const answers = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const prompt = i % 2 === 0 ? body.prompt : 'There was a dragon';
        const response = await api.post('/v1/completions', { ...body, prompt, seed: 1 });
        return response.status === 200 ? ((await response.json()) as Completion).choices : response.status;
      }),
    );
    assert.deepEqual(
      answers,
      answers.map((_, i) => (i % 2 === 0 ? alone : 500)),
    );
    await api.engine.close();
  });

  it('DNS rebinding, and origins that are reflected (CVE-2024-28224; llama.cpp#25606)', async () => {
    const engine: Engine = { ...scriptedEngine([]), submit: () => assert.fail('the engine was asked') };
    const api = await serveOn(engine, model);
    const body = { prompt: 'Once', max_tokens: 1 };
    const foreign: Record<string, string>[] = [
      { host: 'evil.example:8080' },
      { host: 'localhost:8080', origin: 'http://evil.example' },
      { host: 'localhost:8080', origin: 'null' },
    ];
    for (const headers of foreign) {
      const response = await api.post('/v1/completions', body, { headers });
      assert.equal(response.status, 403);
      assert.equal(response.headers.get('access-control-allow-origin'), null);
      const preflight = await api.post('/v1/completions', '', {
        ...{ method: 'OPTIONS', body: null },
        headers: { ...headers, 'access-control-request-method': 'POST' },
      });
      assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [403, null]);
    }
  });
});
