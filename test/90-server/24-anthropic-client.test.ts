// Anthropic's own client, unmodified, against the server: messages as a translation of chats.

import { strict as assert } from 'node:assert';
import { setImmediate } from 'node:timers/promises';
import Anthropic from '@anthropic-ai/sdk';
import { createSchemaJudge, type Model } from '@llama-ts/runtime';
import type { ApiServerOptions } from '@llama-ts/server';
import { DATE, errorOf, MODEL_NAME, openSample, scriptedEngine, serve, serveOn, type TestServer } from './support.js';

const user = { role: 'user' as const, content: 'What sound does a cow make?' };
const asked = { model: MODEL_NAME, messages: [user], temperature: 0, max_tokens: 12 };
const schema = {
  type: 'object' as const,
  properties: { city: { enum: ['Oslo', 'Rome'] } },
  required: ['city'],
  additionalProperties: false,
};
const weather = { name: 'get_weather', description: 'Weather of a city', input_schema: schema };
const clock = { name: 'clock', input_schema: { type: 'object' as const, properties: {} } };
const withTools = {
  ...{ model: MODEL_NAME, messages: [{ role: 'user' as const, content: 'How warm is it in Oslo?' }], max_tokens: 80 },
  tools: [weather, clock],
};

/** Biases with which an answer does not end by itself. */
function noEnd({ settings }: Model): Record<string, number> {
  return Object.fromEntries(settings.eosIds.map((id) => [id, -100]));
}

/** The client, which calls a server in this process. */
function clientOf({ server }: TestServer, options: object = {}): Anthropic {
  return new Anthropic({
    ...{ baseURL: 'http://localhost', apiKey: 'none', maxRetries: 0, ...options },
    fetch: async (url: string | URL | Request, init?: RequestInit) => {
      const response = await server.fetch(new Request(url, init));
      init?.signal?.throwIfAborted();
      return response;
    },
  });
}

describe("Anthropic's client", () => {
  let model: Model;
  let api: TestServer;
  let client: Anthropic;
  before(async () => {
    model = await openSample();
    api = await serve(model);
    client = clientOf(api);
  });
  after(() => model.close());

  /** A client of a server whose every answer is these texts. */
  async function scripted(texts: readonly (string | number)[], options: Partial<ApiServerOptions> = {}) {
    const server = await serveOn(scriptedEngine(texts), model, options);
    return clientOf(server);
  }

  it('gets the answer that the chat endpoint gives, with stop reason, usage, seed and fingerprint', async () => {
    const sampled = { ...asked, temperature: 1, seed: 7 };
    const message = await client.messages.create(sampled);
    const chat = await api.client.chat.completions.create(sampled);
    const { choices, system_fingerprint: fingerprint } = chat;
    const usage = chat.usage!;
    assert.deepEqual(message.content, [{ type: 'text', text: choices[0]!.message.content, citations: null }]);
    assert.deepEqual([message.type, message.role, message.model], ['message', 'assistant', MODEL_NAME]);
    assert.match(message.id, /^msg_[0-9a-f]{32}$/);
    assert.equal(message.stop_reason, choices[0]!.finish_reason === 'length' ? 'max_tokens' : 'end_turn');
    const { input_tokens: nInput, cache_read_input_tokens: nCached, output_tokens: nOutput } = message.usage;
    assert.deepEqual([nInput + nCached!, nOutput], [usage.prompt_tokens, usage.completion_tokens]);
    const extra = message as unknown as { seed: number; system_fingerprint: string };
    assert.deepEqual([extra.seed, extra.system_fingerprint], [7, fingerprint]);
  });

  it('streams events in their order, which its own helper joins to the whole message', async () => {
    const whole = await client.messages.create({ ...asked, ...{ seed: 1 } });
    const types: string[] = [];
    const stream = client.messages.stream({ ...asked, seed: 1 });
    stream.on('streamEvent', ({ type }) => types.push(type));
    const joined = await stream.finalMessage();
    const texts = types.filter((type) => type === 'content_block_delta');
    assert.deepEqual(types, [
      ...['message_start', 'content_block_start', ...texts, 'content_block_stop'],
      ...['message_delta', 'message_stop'],
    ]);
    assert.ok(texts.length > 3);
    assert.deepEqual(joined.content, whole.content);
    assert.deepEqual([joined.stop_reason, joined.usage], [whole.stop_reason, whole.usage]);
  });

  it('has system prompts as texts or blocks, and stop sequences that it is told of', async () => {
    const prompt = async (body: object) => {
      const { input_tokens: nTokens } = await client.messages.countTokens({ ...body, model: MODEL_NAME } as never);
      return nTokens;
    };
    const messages = [{ role: 'system', content: 'Be brief.' }, user];
    const applied = (await (await api.post('/apply-template', { messages })).json()) as { tokens: number[] };
    const asText = await prompt({ messages: [user], system: 'Be brief.' });
    const asBlocks = await prompt({ messages: [user], system: [{ type: 'text', text: 'Be brief.' }] });
    assert.deepEqual([asText, asBlocks], [applied.tokens.length, applied.tokens.length]);
    const plain = await client.messages.create(asked);
    const [block] = plain.content;
    assert(block?.type === 'text');
    const word = block.text.split(' ')[2]!;
    const stopped = await client.messages.create({ ...asked, stop_sequences: ['§', word] });
    assert.deepEqual([stopped.stop_reason, stopped.stop_sequence], ['stop_sequence', word]);
    assert.deepEqual(stopped.content, [{ ...block, text: block.text.slice(0, block.text.indexOf(word)) }]);
    // Lists that hold nothing say nothing.
    const empty = await client.messages.create({ ...asked, stop_sequences: [], tools: [] });
    assert.deepEqual([empty.content, empty.usage.output_tokens], [plain.content, plain.usage.output_tokens]);
  });

  it('gets calls of tools whose input meets its schema, demanded by "any" or by name, whole and streamed', async () => {
    const isWeather = createSchemaJudge(schema);
    for (const tool_choice of [{ type: 'any' as const }, { type: 'tool' as const, name: 'get_weather' }]) {
      const body = { ...withTools, tool_choice, seed: 5 };
      const { content, stop_reason: reason } = await client.messages.create(body);
      const [call] = content;
      assert(call?.type === 'tool_use' && content.length === 1);
      assert.equal(reason, 'tool_use');
      assert.match(call.id, /^toolu_[0-9a-f]{32}$/);
      assert.ok(call.name === 'clock' || isWeather(call.input));
      if (tool_choice.type === 'tool') assert.equal(call.name, 'get_weather');
      const stream = client.messages.stream(body);
      let pieces = '';
      stream.on('inputJson', (piece) => {
        pieces += piece;
      });
      const joined = await stream.finalMessage();
      const [streamed] = joined.content;
      assert(streamed?.type === 'tool_use');
      assert.deepEqual([streamed.name, streamed.input], [call.name, call.input]);
      assert.deepEqual(JSON.parse(pieces), call.input);
    }
  });

  it('gets text where the model calls no tool, calls in all forms where it does, and both in one stream', async () => {
    const texts = await scripted(['It is ', 'warm.']);
    const text = await texts.messages.create(withTools);
    assert.deepEqual(
      [text.content[0], text.stop_reason],
      [{ type: 'text', text: 'It is warm.', citations: null }, 'end_turn'],
    );
    const calling = await scripted([
      '{"name": "get_weather", "parameters": {"city": "Rome"}}; ',
      '{"name": "clock", "parameters": {}}',
    ]);
    const { content } = await calling.messages.create(withTools);
    const said = content.map((block) => (block.type === 'tool_use' ? [block.name, block.input] : block.type));
    assert.deepEqual(said, [
      ['get_weather', { city: 'Rome' }],
      ['clock', {}],
    ]);
    const stream = await (await scripted(['{"name": "clock", "parameters": {}}'])).messages
      .stream(withTools)
      .finalMessage();
    assert.equal(stream.stop_reason, 'tool_use');
  });

  it('sends calls back with their results, which the template reads as the chat endpoint gives them to it', async () => {
    const call = { name: 'get_weather', input: { city: 'Oslo' } };
    const results = (content: unknown) => [
      withTools.messages[0]!,
      { role: 'assistant' as const, content: [{ type: 'tool_use' as const, id: 'toolu_1', ...call }] },
      {
        role: 'user' as const,
        content: [
          { type: 'tool_result' as const, tool_use_id: 'toolu_1', content } as never,
          { type: 'text' as const, text: 'And Rome?' },
        ],
      },
    ];
    const messages = [
      withTools.messages[0]!,
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: call.name, arguments: '{"city": "Oslo"}' } }],
      },
      { role: 'tool', tool_call_id: 'toolu_1', content: '7 degrees' },
      { role: 'user', content: 'And Rome?' },
    ];
    const tools = [weather, clock].map(({ input_schema: parameters, ...named }) => ({
      type: 'function',
      function: { ...named, parameters },
    }));
    const applied = (await (await api.post('/apply-template', { messages, tools })).json()) as { tokens: number[] };
    for (const content of ['7 degrees', [{ type: 'text', text: '7 degrees' }]]) {
      const counted = await client.messages.countTokens({
        model: MODEL_NAME,
        tools: withTools.tools,
        messages: results(content),
      } as never);
      assert.equal(counted.input_tokens, applied.tokens.length);
    }
    const answer = await client.messages.create({ ...withTools, messages: results('7 degrees'), max_tokens: 3 });
    assert.ok(answer.usage.output_tokens <= 3);
  });

  it('holds an answer to a schema, and a strict tool to its own', async () => {
    const output_config = { format: { type: 'json_schema' as const, schema } };
    const held = await client.messages.create({ ...asked, max_tokens: 60, output_config });
    const [block] = held.content;
    assert(block?.type === 'text');
    assert.deepEqual(Object.keys(JSON.parse(block.text)), ['city']);
    const both = { ...withTools, output_config, tool_choice: { type: 'none' as const } };
    assert.equal((await client.messages.create(both)).content[0]!.type, 'text');
  });

  it('is told where the context ended an answer, however much it asked for', async () => {
    const small = await serve(model, {}, {});
    const messages = [{ role: 'user' as const, content: 'cow '.repeat(1990) }];
    const body = { ...asked, messages, max_tokens: 20_000, logit_bias: noEnd(model) };
    const { stop_reason: reason, usage } = await clientOf(small).messages.create(body as never);
    const nPrompt = usage.input_tokens + usage.cache_read_input_tokens!;
    assert.deepEqual([reason, nPrompt + usage.output_tokens], ['model_context_window_exceeded', 2049]);
  });

  it('gives a call that a limit cut off as text, and its pieces in a stream', async () => {
    const body = { ...withTools, tool_choice: { type: 'tool' as const, name: 'get_weather' }, max_tokens: 12 };
    const whole = await client.messages.create({ ...body, ...{ seed: 2 } });
    assert.equal(whole.stop_reason, 'max_tokens');
    assert.ok(whole.content.every(({ type }) => type === 'text'));
    const cut = await client.messages.stream({ ...body, seed: 2 }).finalMessage();
    assert.equal(cut.stop_reason, 'max_tokens');
  });

  it('throws its own errors for refusals, with the id of the request, and for an answer that fails in a stream', async () => {
    await assert.rejects(client.messages.create({ ...asked, model: 'x' }), (error) => {
      assert.ok(error instanceof Anthropic.NotFoundError);
      assert.equal(error.type, 'not_found_error');
      assert.match(error.requestID!, /^[0-9a-f-]{36}$/);
      return true;
    });
    const refusals: [body: object, words: RegExp][] = [
      [{ max_tokens: 0 }, /max_tokens 0, expected/],
      [{ max_tokens: null }, /max_tokens is missing/],
      [{ messages: [{ role: 'robot', content: 'Hi' }] }, /messages\[0\]\.role "robot"/],
      [{ messages: [user, { role: 'assistant', content: 'A cow' }] }, /messages\[1\]\.role "assistant" at the end/],
      [
        { messages: [{ role: 'user', content: [{ type: 'image', source: {} }] }] },
        /messages\[0\]\.content\[0\]\.type "image" is not supported/,
      ],
      [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, /thinking .* is not supported/],
      [
        { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
        /tools\[0\]\.type "web_search_20250305" is not supported/,
      ],
      [{ tools: [{ name: 'a b', input_schema: schema }] }, /tools\[0\]\.name "a b"/],
      [{ tools: [{ name: 'a' }] }, /tools\[0\]\.input_schema/],
      [
        { tools: [weather], tool_choice: { type: 'tool', name: 'x' } },
        /tool_choice names "x", expected one of get_weather/,
      ],
      [
        { tools: [{ ...weather, strict: true, input_schema: { $dynamicRef: '#a' } }] },
        /tools\[0\]\.input_schema: .*\$dynamicRef/,
      ],
      [{ tool_choice: { type: 'any' } }, /tool_choice without tools/],
      [{ stop_sequences: [''] }, /stop_sequences\[0\]/],
      [{ output_config: { effort: 'low' } }, /output_config\.effort "low" is not supported/],
      [{ output_config: { format: { type: 'text' } } }, /output_config\.format/],
      [{ max_completion_tokens: 3 }, /field "max_completion_tokens" is not known here/],
      [{ messages: [{ role: 'user', content: 'cow '.repeat(3000) }] }, /prompt of \d+ tokens, expected at most 2048/],
    ];
    for (const [body, words] of refusals) {
      await assert.rejects(client.messages.create({ ...asked, ...body } as never), (error) => {
        assert.ok(error instanceof Anthropic.BadRequestError, String(error));
        assert.equal(error.type, 'invalid_request_error');
        assert.match(error.apiMessage!, words);
        return true;
      });
    }
    for (const harmless of [
      { metadata: { user_id: 'a' } },
      { service_tier: 'auto' },
      { thinking: { type: 'disabled' } },
    ]) {
      await client.messages.create({ ...asked, max_tokens: 1, ...harmless } as never);
    }
    const other = await serve(model);
    const stream = await clientOf(other).messages.create({ ...asked, max_tokens: 500, stream: true });
    await assert.rejects(async () => {
      for await (const _ of stream) await other.engine.close();
    }, /overloaded_error.*engine is closed/);
  });

  it('brings its key as x-api-key or as a token, and is refused in its own words', async () => {
    const guarded = await serve(model, { apiKeys: ['sk-secret'] });
    const brief = { ...asked, max_tokens: 1 };
    await clientOf(guarded, { apiKey: 'sk-secret' }).messages.create(brief);
    await clientOf(guarded, { apiKey: null, authToken: 'sk-secret' }).messages.create(brief);
    await assert.rejects(
      clientOf(guarded, { apiKey: 'sk-wrong' }).messages.create(brief),
      Anthropic.AuthenticationError,
    );
    const foreign = await guarded.post('/v1/messages', brief, { headers: { host: 'evil.example' } });
    assert.equal(foreign.status, 403);
    assert.equal(((await foreign.json()) as { error: { type: string } }).error.type, 'permission_error');
    const openai = await errorOf(await guarded.post('/v1/chat/completions', brief, { headers: { 'x-api-key': 'no' } }));
    assert.deepEqual([openai.status, openai.code], [401, 'invalid_api_key']);
  });

  it('ends its request at the engine when it aborts or leaves the loop', async () => {
    const long = { ...asked, max_tokens: 900, logit_bias: noEnd(model) };
    const stream = await client.messages.create({ ...long, stream: true });
    for await (const { type } of stream) if (type === 'content_block_delta') break;
    assert.equal(api.engine.nRunning + api.engine.nWaiting, 0);
    const controller = new AbortController();
    const whole = client.messages.create(long, { signal: controller.signal });
    while (api.engine.nRunning === 0) await setImmediate();
    controller.abort();
    await assert.rejects(whole, Anthropic.APIUserAbortError);
    assert.equal(api.engine.nRunning + api.engine.nWaiting, 0);
  });

  it('has the template name the day of the server, or the one it says', async () => {
    const count = (chat_template_kwargs: object) =>
      client.messages.countTokens({ model: MODEL_NAME, messages: [user], chat_template_kwargs } as never);
    assert.deepEqual(await count({}), await count({ date_string: DATE }));
    const one = await client.messages.create({
      ...asked,
      chat_template_kwargs: { date_string: '01 Jan 2001' },
    } as never);
    const other = await client.messages.create(asked);
    const fingerprint = (message: unknown) => (message as { system_fingerprint: string }).system_fingerprint;
    assert.notEqual(fingerprint(one), fingerprint(other));
  });
});
