// The same request and seed give the same bytes, however busy the server is and whichever clients disconnect.

import { strict as assert } from 'node:assert';
import type { BackendName } from '@llama-ts/kernels';
import type { Model } from '@llama-ts/runtime';
import { pick, type Random, seededRandom } from '../helpers/random-text.js';
import { chatOf, MODEL_NAME, openSample, serve, type TestServer } from './support.js';

const COUNT = 200;
const AT_ONCE = 32;
/** Keeps some beginnings and drops others. */
const CACHE_BYTES = 2_000_000;
/** The share of requests that a client leaves before their end; each is sent again. */
const LEAVING = 0.3;

const schema = { type: 'object', properties: { a: { type: 'integer', maximum: 99 } }, required: ['a'] };
const tool = { type: 'function', function: { name: 'look', parameters: schema } };

interface Sent {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Requests of every kind: sampled and greedy, of one answer and several, with forms and tools, whole and streamed. */
function randomRequest(random: Random, seed: number): Sent {
  const common = {
    ...{ model: MODEL_NAME, seed, temperature: pick(random, [0, 0.7, 1.3]), top_p: pick(random, [0.5, 0.9, 1]) },
    ...{ max_tokens: 1 + Math.floor(random() * 10), n: pick(random, [1, 1, 2]), stream: random() < 0.5 },
  };
  if (random() < 0.4) {
    const prompt = pick(random, ['Once upon a time', 'The fox said', ['One', 'Two']]);
    return { path: '/v1/completions', body: { ...common, prompt, logprobs: pick(random, [null, 2]) } };
  }
  const form = pick(random, [
    {},
    { logprobs: true, top_logprobs: 1 },
    { stop: ['.', 'fox'] },
    { response_format: { type: 'json_schema', json_schema: { name: 'a', schema } } },
    { tools: [tool], tool_choice: 'required' },
  ]);
  const day = pick(random, [{}, { chat_template_kwargs: { date_string: '1 Jan 2026' } }]);
  const messages = [{ role: 'user', content: pick(random, ['Hello', 'Tell me a story.', 'What is a cow?']) }];
  return { path: '/v1/chat/completions', body: { ...common, ...day, messages, ...form } };
}

/** What may differ: ids, times, and how much of a prompt was known from other requests. */
function comparable(text: string): string {
  return text
    .replaceAll(/"(chatcmpl|cmpl)-[0-9a-f-]+"/g, '"id"')
    .replaceAll(/"call_[0-9a-f]+"/g, '"call"')
    .replaceAll(/"created":\d+/g, '"created":0')
    .replaceAll(/"cached_tokens":\d+/g, '"cached_tokens":0');
}

/** The events of a choice come in its order, and between those of others in any. */
function byChoice(text: string): string[] {
  return comparable(text)
    .split('\n\n')
    .sort((a, b) => indexIn(a) - indexIn(b));
}

function indexIn(event: string): number {
  return Number(/"choices":\[\{"index":(\d+)/.exec(event)?.[1] ?? Number.POSITIVE_INFINITY);
}

for (const backend of [undefined, 'wasm'] as const) describeOn(backend);

function describeOn(backend: BackendName | undefined): void {
  describe(`answers of a busy server on ${backend ?? 'the native kernels'}`, () => {
    let model: Model;
    before(async () => {
      model = await openSample(backend);
    });
    after(() => model.close());

    it(`are byte for byte those of an idle one: ${COUNT} requests, ${AT_ONCE} at once in random order, while clients disconnect`, async () => {
      const random = seededRandom(21);
      const requests = Array.from({ length: COUNT }, (_, i) => randomRequest(random, i + 1));
      const idle = await serve(model, {}, { cacheBytes: 0 });
      const expected: string[][] = [];
      for (const { path, body } of requests) expected.push(byChoice(await textOf(idle, path, body)));
      await idle.engine.close();

      // The busy server begins before midnight, and goes on after it.
      let nAsked = 0;
      const now = (): Date => new Date(Date.UTC(2025, 11, 31, 23, 59, 55) + 50 * nAsked++);
      const options = { maxSequences: AT_ONCE, prefillChunk: 24, maxUnread: 8, cacheBytes: CACHE_BYTES };
      const busy = await serve(model, { now }, options);
      const order = requests.map((_, i) => ({ i, at: random() })).sort((a, b) => a.at - b.at);
      let nLeft = 0;
      const work = async (): Promise<void> => {
        for (let next = order.pop(); next !== undefined; next = order.pop()) {
          const { path, body } = requests[next.i]!;
          if (random() < LEAVING) {
            await leaveEarly(busy, path, body, random());
            nLeft++;
          }
          assert.deepEqual(byChoice(await textOf(busy, path, body)), expected[next.i], JSON.stringify(body));
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      assert.ok(nLeft > COUNT / 10, `${nLeft} left`);
      assert.ok(now() > new Date(Date.UTC(2026, 0, 1, 0, 0, 5)));
      assert.equal(busy.engine.nRunning + busy.engine.nWaiting, 0);
      await busy.engine.close();
    }).timeout(300_000);
  });
}

describe('a conversation without a given day', () => {
  let model: Model;
  before(async () => {
    model = await openSample();
  });
  after(() => model.close());

  it('has a fingerprint of its day, and that of a given day stays', async () => {
    const fingerprints = async (body: object): Promise<string[]> => {
      const found: string[] = [];
      for (const day of [1, 2]) {
        const api = await serve(model, { dateString: undefined, now: () => new Date(Date.UTC(2026, 0, day)) });
        const messages = [{ role: 'user', content: 'Hello' }];
        const { system_fingerprint } = await chatOf(
          await api.post('/v1/chat/completions', { messages, max_tokens: 1, ...body }),
        );
        found.push(system_fingerprint!);
        await api.engine.close();
      }
      return found;
    };
    assert.equal(new Set(await fingerprints({})).size, 2);
    assert.equal(new Set(await fingerprints({ chat_template_kwargs: { date_string: '2 Jan 2026' } })).size, 1);
  });
});

async function textOf(api: TestServer, path: string, body: object): Promise<string> {
  const response = await api.post(path, body);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text;
}

/** A client that goes before its answer is whole: before a passes of the engine or some, or in the middle of a stream. */
async function leaveEarly(api: TestServer, path: string, body: object, when: number): Promise<void> {
  const controller = new AbortController();
  const answer = api.post(path, { ...body, stream: true, n: 2 }, { signal: controller.signal });
  if (when < 0.3) controller.abort();
  const response = await answer;
  const reader = response.body!.getReader();
  for (let i = 0; i < when * 8; i++) await reader.read();
  if (when < 0.6) controller.abort();
  else await reader.cancel();
}
