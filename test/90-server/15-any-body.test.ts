// Bodies that are nearly right: whatever stands in the place of a value, the answer is one, or a refusal that says why.

import { strict as assert } from 'node:assert';
import type { Model } from '@llama-ts/runtime';
import { endpoints } from '@llama-ts/server';
import fc from 'fast-check';
import { openSample, scriptedEngine, serveOn, type TestServer } from './support.js';

const schema = { type: 'object', properties: { city: { enum: ['Oslo'] } }, required: ['city'] };
const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{"city": "Oslo"}' } };
const sampling = { temperature: 0.5, top_p: 0.9, top_k: 5, seed: 1, logit_bias: { 5: 1 }, stream: false };

/** A body that uses much of what an endpoint reads. */
const bodies: Readonly<Record<string, object>> = {
  '/v1/chat/completions': {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'a', content: '7' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: schema, strict: true } }],
    ...{ tool_choice: { type: 'function', function: { name: 'f' } }, parallel_tool_calls: true, n: 2, max_tokens: 3 },
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
    ...{ logprobs: true, top_logprobs: 2, stream_options: null, chat_template_kwargs: { date_string: '1 Jan 2001' } },
    ...sampling,
  },
  '/v1/completions': {
    prompt: ['Once', 'The'],
    max_tokens: 3,
    stop: ['a'],
    logprobs: 1,
    n: 1,
    special: true,
    ...sampling,
  },
  '/v1/responses': {
    input: [
      { role: 'user', content: [{ type: 'input_text', text: 'Hi' }] },
      { type: 'function_call', call_id: 'a', name: 'f', arguments: '{"city": "Oslo"}' },
      { type: 'function_call_output', call_id: 'a', output: '7' },
    ],
    tools: [{ type: 'function', name: 'f', parameters: schema, strict: true }],
    ...{ tool_choice: { type: 'function', name: 'f' }, include: ['message.output_text.logprobs'], top_logprobs: 1 },
    ...{ instructions: 'Be brief.', max_output_tokens: 3, metadata: { a: 'b' }, store: false },
    text: { format: { type: 'json_schema', name: 'x', schema } },
    ...sampling,
  },
  '/v1/embeddings': { input: ['Once'], encoding_format: 'base64', pooling: 'last' },
  '/v1/messages': {
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: { city: 'Oslo' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: '7' }] },
    ],
    tools: [{ name: 'f', description: 'a', input_schema: schema, strict: true }],
    ...{ tool_choice: { type: 'tool', name: 'f' }, max_tokens: 3, metadata: { user_id: 'u' } },
    output_config: { format: { type: 'json_schema', schema } },
    ...sampling,
  },
  '/v1/messages/count_tokens': { messages: [{ role: 'user', content: 'Hi' }], system: 'Be brief.', tools: [] },
  '/tokenize': { content: 'Once', add_special: true, parse_special: true, with_pieces: true },
  '/detokenize': { tokens: [1, 2] },
  '/apply-template': { messages: [{ role: 'user', content: 'Hi' }], chat_template_kwargs: { a: 1 } },
};

/** Where the values of a body stand. */
function placesIn(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...at]];
  return [[...at], ...Object.entries(value).flatMap(([name, part]) => placesIn(part, [...at, name]))];
}

/** The body with another value in a place, or without it. */
function replaced(body: object, place: readonly string[], value: unknown): unknown {
  const [name, ...rest] = place;
  if (name === undefined) return value;
  const copy = (Array.isArray(body) ? [...body] : { ...body }) as Record<string, unknown>;
  const part = replaced(copy[name] as object, rest, value);
  if (part === undefined && !Array.isArray(copy)) delete copy[name];
  else copy[name] = part;
  return copy;
}

describe('a body with any value in any place', () => {
  let model: Model;
  let api: TestServer;
  const faults: string[] = [];
  before(async () => {
    model = await openSample();
    const engine = scriptedEngine(['{"name": "f", "parameters": {"city": "Oslo"}}']);
    api = await serveOn(engine, model, { log: ({ status, error }) => status === 500 && faults.push(String(error)) });
  });
  after(() => model.close());

  it('is known for every endpoint that reads one', () => {
    assert.deepEqual(
      endpoints
        .filter(({ table }) => table !== null)
        .map(({ path }) => path)
        .sort(),
      Object.keys(bodies).sort(),
    );
  });

  const odd = fc.oneof(
    fc.constantFrom(undefined, null, true, 0, -1, 1e300, 0.5, '', 'x', '\ud800', [], {}, [[]], [null], {
      type: 'object',
    }),
    fc.jsonValue({ maxDepth: 3 }),
  );
  for (const [path, body] of Object.entries(bodies)) {
    const places = placesIn(body);
    it(`is answered or refused with a reason: ${path}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...places), odd, fc.boolean(), async (place, value, isStream) => {
          const changed = replaced(body, place, value);
          const isObject = typeof changed === 'object' && changed !== null && !Array.isArray(changed);
          const sent = isObject && isStream && 'stream' in changed ? { ...changed, stream: true } : changed;
          const response = await api.post(path, JSON.stringify(sent) ?? '');
          const text = await response.text();
          assert.deepEqual(faults.splice(0), [], JSON.stringify(sent));
          assert.ok(response.status === 200 || response.status === 400 || response.status === 404, text);
          if (response.status === 200) return;
          const { error } = JSON.parse(text) as { error: { message: string } };
          assert.ok(error.message.length > 0);
        }),
        { numRuns: 300 },
      );
    }).timeout(60_000);
  }
});
