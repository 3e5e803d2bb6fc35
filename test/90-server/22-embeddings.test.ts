// Embeddings over HTTP: OpenAI's own client, the runtime's vectors, refusals, clients that leave.

import { strict as assert } from 'node:assert';
import { setImmediate } from 'node:timers/promises';
import { createEmbedder, type Model } from '@llama-ts/runtime';
import type { LogEntry } from '@llama-ts/server';
import { errorOf, MODEL_NAME, openSample, serve, type TestServer } from './support.js';

const texts = ['A cow says moo.', 'Once upon a time there was a fox.'];

describe('the embeddings of the server', () => {
  let model: Model;
  let api: TestServer;
  const log: LogEntry[] = [];
  before(async () => {
    model = await openSample();
    api = await serve(model, { log: (entry) => log.push(entry) });
  });
  after(() => model.close());

  it("are the runtime's, bit for bit, whichever encoding OpenAI's client asks for", async () => {
    for (const pooling of ['mean', 'last'] as const) {
      const expected = await createEmbedder(model).embed(texts, { pooling });
      for (const encoding of [undefined, 'float', 'base64'] as const) {
        const { data, object, usage } = await api.client.embeddings.create({
          ...{ model: MODEL_NAME, input: texts, pooling },
          ...(encoding === undefined ? {} : { encoding_format: encoding }),
        });
        assert.deepEqual([object, data.map(({ index }) => index)], ['list', [0, 1]]);
        for (const [i, { embedding }] of data.entries()) {
          // Asked for base64, the client hands the text on; unasked, it asks for base64 and decodes it.
          const bytes = Buffer.from(embedding as unknown as string, 'base64');
          const numbers =
            encoding === 'base64' ? new Float32Array(new Uint8Array(bytes).buffer) : Float32Array.from(embedding);
          assert.deepEqual(numbers, expected[i]!.vector);
        }
        const nTokens = expected.reduce((sum, one) => sum + one.nTokens, 0);
        assert.deepEqual(usage, { prompt_tokens: nTokens, total_tokens: nTokens });
      }
    }
  });

  it('are the same of a text, of its tokens, alone and in lists', async () => {
    const tokens = [model.settings.bosId!, ...model.tokenizer!.encode(texts[0]!)];
    const inputs = [texts[0]!, [texts[0]!], tokens, [tokens, tokens]];
    const found = await Promise.all(
      inputs.map(async (input) => {
        const { data } = await api.client.embeddings.create({ model: MODEL_NAME, input });
        return data.map(({ embedding }) => embedding.join());
      }),
    );
    assert.equal(new Set(found.flat()).size, 1);
    assert.deepEqual(
      found.map(({ length }) => length),
      [1, 1, 1, 2],
    );
  });

  it('are refused for what is no input, too much of it, dimensions, and another model', async () => {
    const refusals: [body: object, status: number, param: string | null][] = [
      [{}, 400, 'input'],
      [{ input: [] }, 400, 'input'],
      [{ input: 7 }, 400, 'input'],
      [{ input: [[]] }, 400, 'input'],
      [{ input: ['a', 1] }, 400, 'input'],
      [{ input: Array.from({ length: 2049 }, () => 'a') }, 400, 'input'],
      [{ input: 'a', dimensions: 256 }, 400, 'dimensions'],
      [{ input: 'a', encoding_format: 'int8' }, 400, 'encoding_format'],
      [{ input: 'a', pooling: 'max' }, 400, 'pooling'],
      [{ input: 'a', inputs: 'b' }, 400, 'inputs'],
      [{ input: [999_999] }, 400, null],
      [{ input: 'x '.repeat(3000) }, 400, null],
      [{ input: 'a', model: 'other' }, 404, 'model'],
    ];
    for (const [body, status, param] of refusals) {
      const error = await errorOf(await api.post('/v1/embeddings', body));
      assert.deepEqual([error.status, error.param], [status, param], error.message);
    }
    const tooLong = await errorOf(await api.post('/v1/embeddings', { input: 'x '.repeat(3000) }));
    assert.equal(tooLong.code, 'context_length_exceeded');
    assert.match(tooLong.message, /prompt of \d+ tokens, expected at most 2048/);
  });

  it('are given up within a pass when the client leaves, and are counted in the log', async () => {
    log.length = 0;
    const controller = new AbortController();
    const input = Array.from({ length: 1000 }, () => texts[1]!);
    const left = api.post('/v1/embeddings', { input }, { signal: controller.signal });
    for (let turn = 0; turn < 20; turn++) await setImmediate();
    controller.abort();
    assert.equal((await left).status, 503);
    const { usage } = await api.client.embeddings.create({ model: MODEL_NAME, input: texts });
    assert.deepEqual(
      log.map(({ path, promptTokens }) => [path, promptTokens]),
      [
        ['/v1/embeddings', undefined],
        ['/v1/embeddings', usage.prompt_tokens],
      ],
    );
  });
});
