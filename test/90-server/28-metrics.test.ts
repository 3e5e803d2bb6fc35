// What the server counts and measures, as Prometheus reads it.

import { strict as assert } from 'node:assert';
import type { Model } from '@llama-ts/runtime';
import { openSample, serve, type TestServer } from './support.js';

describe('the metrics of the server', () => {
  let model: Model;
  let api: TestServer;
  before(async () => {
    model = await openSample();
  });
  beforeEach(async () => {
    api = await serve(model);
  });
  after(() => model.close());

  /** Values by name and labels. */
  async function read(): Promise<Record<string, number>> {
    const text = await (await api.get('/metrics')).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return Object.fromEntries(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)![0])]));
  }

  it('count the tokens, ends and times of answers, whole and streamed, of all protocols', async () => {
    const ask = { max_tokens: 5, temperature: 0, messages: [{ role: 'user', content: 'Hello!' }] };
    const usages: { prompt_tokens: number; completion_tokens: number }[] = [];
    for (const [path, body] of [
      ['/v1/completions', { prompt: ['Once', 'The end'], n: 2, max_tokens: 3, temperature: 1 }],
      ['/v1/chat/completions', ask],
      ['/v1/chat/completions', { ...ask, stream: true, stream_options: { include_usage: true } }],
    ] as const) {
      const text = await (await api.post(path, body)).text();
      usages.push(JSON.parse(/"usage":(\{.*?\}\})/g.exec(text.slice(text.lastIndexOf('"usage"')))![1]!));
    }
    const message = (await (await api.post('/v1/messages', ask)).json()) as { usage: Record<string, number> };
    const { input_tokens: nInput, cache_read_input_tokens: nRead, output_tokens: nOutput } = message.usage;
    usages.push({ prompt_tokens: nInput! + nRead!, completion_tokens: nOutput! });
    const found = await read();
    const nAnswer = usages.reduce((sum, usage) => sum + usage.completion_tokens, 0);
    assert.equal(found.llama_generation_tokens_total, nAnswer);
    // Each of two answers to a prompt reads it.
    const nPrompt = usages.reduce((sum, usage, i) => sum + usage.prompt_tokens * (i === 0 ? 2 : 1), 0);
    assert.equal(found.llama_prompt_tokens_total, nPrompt);
    assert.ok(found.llama_prompt_tokens_cached_total! <= nPrompt);
    const nEnds = Object.entries(found).filter(([name]) => name.startsWith('llama_request_success_total{'));
    assert.equal(
      nEnds.reduce((sum, [, n]) => sum + n, 0),
      7,
    );
    assert.equal(found.llama_time_to_first_token_seconds_count, 7);
    assert.equal(found.llama_e2e_request_latency_seconds_count, 7);
    assert.equal(found.llama_time_per_output_token_seconds_count, nAnswer - 7);
  });

  it('count requests by path and status, and what is no endpoint under one name', async () => {
    await api.post('/v1/completions', { prompt: 1 });
    await api.get('/v1/secret/sk-key');
    await api.get('/v1/models');
    const { data } = (await (await api.post('/v1/embeddings', { input: 'Once' })).json()) as { data: unknown[] };
    assert.equal(data.length, 1);
    const found = await read();
    assert.equal(found['llama_http_requests_total{path="/v1/completions",status="400"}'], 1);
    assert.equal(found['llama_http_requests_total{path="other",status="404"}'], 1);
    assert.equal(found['llama_http_requests_total{path="/v1/models",status="200"}'], 1);
    assert.ok(found.llama_prompt_tokens_total! > 0);
    assert.ok(Object.keys(found).every((name) => !name.includes('sk-key')));
  });

  it('say how many answers are made and wait now', async () => {
    const small = await serve(model, {}, { maxSequences: 1 });
    const body = { prompt: 'Once upon a time', max_tokens: 1500, stream: true };
    const streams = await Promise.all([1, 2, 3].map(() => small.post('/v1/completions', body)));
    const readers = streams.map((stream) => stream.body!.getReader());
    await readers[0]!.read();
    api = small;
    const found = await read();
    assert.deepEqual([found.llama_num_requests_running, found.llama_num_requests_waiting], [1, 2]);
    for (const reader of readers) await reader.cancel();
    const after = await read();
    assert.deepEqual([after.llama_num_requests_running, after.llama_num_requests_waiting], [0, 0]);
  });
});
