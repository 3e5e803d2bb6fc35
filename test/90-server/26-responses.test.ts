// OpenAI's Responses API, by its own client, unmodified: a translation of chats that stores nothing.

import { strict as assert } from 'node:assert';
import { createSchemaJudge, type Model } from '@llama-ts/runtime';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { MODEL_NAME, openSample, scriptedEngine, serve, serveOn, type TestServer } from './support.js';

const QUESTION = 'What sound does a cow make?';
const asked = { model: MODEL_NAME, input: QUESTION, temperature: 0, max_output_tokens: 12 };
const parameters = {
  type: 'object',
  properties: { city: { enum: ['Oslo', 'Rome'] } },
  required: ['city'],
  additionalProperties: false,
};
const weather = { type: 'function' as const, name: 'get_weather', description: 'Weather', parameters, strict: false };
const clock = {
  type: 'function' as const,
  name: 'clock',
  parameters: { type: 'object', properties: {} },
  strict: false,
};
const withTools = {
  model: MODEL_NAME,
  input: 'How warm is it in Oslo?',
  tools: [weather, clock],
  max_output_tokens: 80,
};

describe("a response of OpenAI's API", () => {
  let model: Model;
  let api: TestServer;
  before(async () => {
    model = await openSample();
    api = await serve(model);
  });
  after(() => model.close());

  async function events(body: object, { client } = api) {
    const all: OpenAI.Responses.ResponseStreamEvent[] = [];
    const stream = await client.responses.create({
      ...body,
      stream: true,
    } as OpenAI.Responses.ResponseCreateParamsStreaming);
    for await (const event of stream) all.push(event);
    return all;
  }

  it('has the text of the chat endpoint, with status, usage, seed and fingerprint', async () => {
    const sampled = { ...asked, temperature: 1, ...{ seed: 7 } };
    const response = await api.client.responses.create(sampled);
    const chat = await api.client.chat.completions.create({
      ...{ model: MODEL_NAME, messages: [{ role: 'user', content: QUESTION }] },
      ...{ temperature: 1, seed: 7, max_completion_tokens: 12 },
    });
    const [choice] = chat.choices;
    assert.equal(response.output_text, choice!.message.content);
    const isCut = choice!.finish_reason === 'length';
    assert.equal(response.status, isCut ? 'incomplete' : 'completed');
    assert.deepEqual(response.incomplete_details, isCut ? { reason: 'max_output_tokens' } : null);
    const { input_tokens: nInput, output_tokens: nOutput, total_tokens: total } = response.usage!;
    assert.deepEqual([nInput, nOutput], [chat.usage!.prompt_tokens, chat.usage!.completion_tokens]);
    assert.equal(total, nInput + nOutput);
    const { seed, system_fingerprint: fingerprint, store } = response as unknown as Record<string, unknown>;
    assert.deepEqual([seed, fingerprint, store], [7, chat.system_fingerprint, false]);
    assert.match(response.id, /^resp_[0-9a-f]{32}$/);
  });

  it('is streamed in events with their numbers, which join to the whole response', async () => {
    const whole = await api.client.responses.create({ ...asked, ...{ seed: 1 } });
    const all = await events({ ...asked, seed: 1 });
    assert.deepEqual(
      all.map(({ sequence_number: n }) => n),
      all.map((_, i) => i),
    );
    const deltas = all.filter(({ type }) => type === 'response.output_text.delta');
    assert.deepEqual(
      all.map(({ type }) => type),
      [
        ...['response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added'],
        ...deltas.map(({ type }) => type),
        ...['response.output_text.done', 'response.content_part.done', 'response.output_item.done'],
        `response.${whole.status}`,
      ],
    );
    assert.equal(deltas.map((event) => (event as { delta: string }).delta).join(''), whole.output_text);
    const last = all.at(-1) as OpenAI.Responses.ResponseCompletedEvent;
    const texts = ({ output }: OpenAI.Responses.Response) =>
      output.map((item) => (item.type === 'message' ? [item.role, item.status, item.content] : item.type));
    assert.deepEqual(texts(last.response), texts(whole));
    const stream = api.client.responses.stream({ ...asked, ...{ seed: 1 } });
    const pieces: string[] = [];
    stream.on('response.output_text.delta', ({ delta }) => void pieces.push(delta));
    const { output } = await stream.finalResponse();
    assert.equal(pieces.join(''), whole.output_text);
    assert.equal(output.length, 1);
  });

  it('reads instructions, messages in parts, and what earlier responses said, as the chat endpoint reads them', async () => {
    const first = await api.client.responses.create({ ...asked, instructions: 'Be brief.' });
    const input: OpenAI.Responses.ResponseInput = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'input_text', text: QUESTION }] },
      ...(first.output as OpenAI.Responses.ResponseOutputMessage[]),
      { type: 'message', role: 'user', content: 'And a dog?' },
    ];
    const second = await api.client.responses.create({ ...asked, input });
    const chat = await api.client.chat.completions.create({
      ...{ model: MODEL_NAME, temperature: 0, max_completion_tokens: 12 },
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: QUESTION },
        { role: 'assistant', content: first.output_text },
        { role: 'user', content: 'And a dog?' },
      ],
    });
    assert.equal(second.output_text, chat.choices[0]!.message.content);
    assert.equal(second.usage!.input_tokens, chat.usage!.prompt_tokens);
  });

  it('calls functions that are demanded, with arguments that meet their schema, whole and in pieces', async () => {
    const isWeather = createSchemaJudge(parameters);
    for (const tool_choice of ['required' as const, { type: 'function' as const, name: 'get_weather' }]) {
      const body = { ...withTools, tool_choice, seed: 5 };
      const { output, status } = await api.client.responses.create(body);
      const [call] = output;
      assert(call?.type === 'function_call' && output.length === 1);
      assert.deepEqual([status, call.status], ['completed', 'completed']);
      assert.match(`${call.id} ${call.call_id}`, /^fc_[0-9a-f]{32} call_[0-9a-f]{32}$/);
      assert.ok(call.name === 'clock' || isWeather(JSON.parse(call.arguments)));
      if (typeof tool_choice === 'object') assert.equal(call.name, 'get_weather');
      const all = await events(body);
      const pieces = all.filter(({ type }) => type === 'response.function_call_arguments.delta');
      assert.equal(pieces.map((event) => (event as { delta: string }).delta).join(''), call.arguments);
      const done = all.find(({ type }) => type === 'response.function_call_arguments.done');
      assert.equal((done as { arguments: string }).arguments, call.arguments);
    }
  });

  it('may be several calls or text with functions that it may call, and takes their outputs', async () => {
    const calls = await serveOn(
      scriptedEngine(['{"name": "get_weather", "parameters": {"city": "Rome"}}; {"name": "clock", "parameters": {}}']),
      model,
    );
    const { output } = await calls.client.responses.create(withTools);
    const said = output.map((item) => (item.type === 'function_call' ? [item.name, item.arguments] : item.type));
    assert.deepEqual(said, [
      ['get_weather', '{"city":"Rome"}'],
      ['clock', '{}'],
    ]);
    const text = await serveOn(scriptedEngine(['It is ', 'warm.']), model);
    assert.equal((await text.client.responses.create(withTools)).output_text, 'It is warm.');
    const answer = await api.client.responses.create({
      ...withTools,
      max_output_tokens: 3,
      input: [
        { role: 'user', content: 'How warm is it in Oslo?' },
        { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{"city": "Oslo"}' },
        { type: 'function_call_output', call_id: 'call_1', output: '7 degrees' },
      ],
    });
    const messages = [
      { role: 'user', content: 'How warm is it in Oslo?' },
      {
        ...{ role: 'assistant', content: null },
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'get_weather', arguments: '{"city": "Oslo"}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: '7 degrees' },
    ];
    const tools = [weather, clock].map(({ name, parameters: schema, ...others }) => {
      const description = 'description' in others ? { description: others.description } : {};
      return { type: 'function', function: { name, ...description, parameters: schema } };
    });
    const applied = (await (await api.post('/apply-template', { messages, tools })).json()) as { tokens: number[] };
    assert.equal(answer.usage!.input_tokens, applied.tokens.length);
  });

  it("is held to a schema, which the client's own helper parses, and has log-probabilities where they are asked for", async () => {
    const format = zodTextFormat(
      z.object({ animal: z.enum(['cow', 'dog']), legs: z.number().int().min(0).max(9) }),
      'animal',
    );
    const parsed = await api.client.responses.parse({ ...asked, max_output_tokens: 60, text: { format } });
    assert.deepEqual(Object.keys(parsed.output_parsed!), ['animal', 'legs']);
    const include: OpenAI.Responses.ResponseIncludable[] = ['message.output_text.logprobs'];
    const { output, output_text: text } = await api.client.responses.create({
      ...asked,
      include,
      ...{ top_logprobs: 2 },
    });
    const [item] = output;
    assert(item?.type === 'message');
    const [part] = item.content;
    assert(part?.type === 'output_text');
    assert.equal(Buffer.from(part.logprobs!.flatMap(({ bytes }) => bytes)).toString(), text);
    assert.ok(part.logprobs!.every(({ top_logprobs: top }) => top.length === 2));
  });

  it('is refused for what nothing here stores, reads or runs, by the name of its field', async () => {
    const refusals: [body: object, param: string][] = [
      [{ store: true }, 'store'],
      [{ previous_response_id: 'resp_1' }, 'previous_response_id'],
      [{ conversation: 'conv_1' }, 'conversation'],
      [{ background: true }, 'background'],
      [{ truncation: 'auto' }, 'truncation'],
      [{ reasoning: { effort: 'low' } }, 'reasoning'],
      [{ prompt: { id: 'p' } }, 'prompt'],
      [{ tools: [{ type: 'web_search' }] }, 'tools[0].type'],
      [{ tools: [{ ...weather, name: 'a b' }] }, 'tools[0].name'],
      [{ tools: [{ ...weather, strict: true, parameters: { $dynamicRef: '#' } }] }, 'tools[0].parameters'],
      [{ tools: [weather], tool_choice: { type: 'file_search' } }, 'tool_choice'],
      [{ text: { verbosity: 'low' } }, 'text.verbosity'],
      [{ text: { format: { type: 'grammar' } } }, 'text.format'],
      [{ text: { format: { type: 'json_schema', name: 'x', schema: { $dynamicRef: '#' } } } }, 'text.format.schema'],
      [{ top_logprobs: 2 }, 'top_logprobs'],
      [{ input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }] }, 'input[0].content[0].type'],
      [{ input: [{ type: 'item_reference', id: 'x' }] }, 'input[0].type'],
      [{ input: [{ role: 'robot', content: 'x' }] }, 'input[0].role'],
      [{ input: [{ type: 'function_call', call_id: 'a', name: 'f', arguments: '{' }] }, 'input[0].arguments'],
      [{ input: [] }, 'input'],
      [{ messages: [] }, 'messages'],
    ];
    for (const [body, param] of refusals) {
      await assert.rejects(api.client.responses.create({ ...asked, ...body } as never), (error) => {
        assert.ok(error instanceof OpenAI.BadRequestError, String(error));
        assert.equal(error.param, param, error.message);
        return true;
      });
    }
    const harmless = [{ store: false }, { truncation: 'disabled' }, { metadata: { a: 'b' } }, { user: 'u' }];
    for (const body of [...harmless, { tools: [] }, { tools: [], tool_choice: 'auto' }, { include: [] }]) {
      await api.client.responses.create({ ...asked, max_output_tokens: 1, ...body } as never);
    }
  });

  it('that fails while it is streamed ends with an error event and a failed response', async () => {
    const other = await serve(model);
    const types: string[] = [];
    const stream = await other.client.responses.create({ ...asked, max_output_tokens: 500, stream: true });
    let last: OpenAI.Responses.ResponseStreamEvent | undefined;
    for await (const event of stream) {
      types.push(event.type);
      last = event;
      if (event.type === 'response.output_text.delta') await other.engine.close();
    }
    assert.deepEqual(types.slice(-2), ['error', 'response.failed']);
    assert(last?.type === 'response.failed');
    assert.deepEqual([last.response.status, last.response.error!.message], ['failed', 'engine is closed']);
  });

  it('ends at the engine when its client leaves', async () => {
    const stream = await api.client.responses.create({ ...asked, max_output_tokens: 900, stream: true });
    for await (const { type } of stream) if (type === 'response.output_text.delta') break;
    assert.equal(api.engine.nRunning + api.engine.nWaiting, 0);
  });
});
