// What a request may say, and how every refusal names the field at fault.

import { strict as assert } from 'node:assert';
import type { Model } from '@llama-ts/runtime';
import { errorOf, MODEL_NAME, openSample, serve, type TestServer } from './support.js';

const user = { role: 'user', content: 'Hi' };
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } };
const schema = (parameters: unknown) => ({ type: 'json_schema', json_schema: { name: 'a', schema: parameters } });

/** Fields of a chat completion beside messages, the param of the refusal, and a word of its message. */
const refusedChats: readonly (readonly [Record<string, unknown>, string, RegExp])[] = [
  [{ temprature: 1 }, 'temprature', /expected temperature$/],
  [{ temperature: -1 }, 'temperature', /from 0 to 1000/],
  [{ temperature: '1' }, 'temperature', /from 0 to 1000/],
  [{ top_p: 2 }, 'top_p', /from 0 to 1/],
  [{ max_tokens: 1.5 }, 'max_tokens', /whole number/],
  [{ max_completion_tokens: -1 }, 'max_completion_tokens', /whole number/],
  [{ n: 0 }, 'n', /from 1 to 128/],
  [{ seed: -1 }, 'seed', /from 0/],
  [{ stop: [''] }, 'stop', /not empty/],
  [{ stream: 'yes' }, 'stream', /true or false/],
  [{ stream_options: { include_usage: true } }, 'stream_options', /without stream/],
  [{ stream: true, stream_options: { usage: true } }, 'stream_options', /include_usage/],
  [{ top_logprobs: 2 }, 'top_logprobs', /without logprobs/],
  [{ logprobs: true, top_logprobs: 21 }, 'top_logprobs', /0 to 20/],
  [{ logit_bias: { a: 1 } }, 'logit_bias', /token ids/],
  [{ logit_bias: { 1: 10_001 } }, 'logit_bias', /-10000 to 10000/],
  [{ logit_bias: { 9999999: 1 } }, 'logit_bias', /9999999/],
  [{ response_format: { type: 'xml' } }, 'response_format', /json_schema/],
  [{ response_format: { type: 'json_schema' } }, 'response_format', /schema/],
  [{ response_format: schema({ type: 'object', $dynamicRef: '#a' }) }, 'response_format', /dynamicRef/],
  [{ response_format: schema({ type: 'string', pattern: '(' }) }, 'response_format', /pattern/],
  [{ response_format: { type: 'json_object' }, stop: 'x' }, 'stop', /end/],
  [{ response_format: { type: 'xml' }, tools: [tool] }, 'response_format', /json_schema/],
  [{ tools: [] }, 'tools', /not empty/],
  [{ tools: [{ type: 'retrieval' }] }, 'tools[0]', /function/],
  [{ tools: [{ ...tool, function: { name: 'a b' } }] }, 'tools[0].function.name', /letters/],
  [{ tools: [tool, tool] }, 'tools[1].function.name', /tools\[0\]/],
  [{ tools: [tool], tool_choice: 'any' }, 'tool_choice', /required/],
  [{ tools: [tool], tool_choice: { type: 'function', function: { name: 'g' } } }, 'tool_choice', /"g"/],
  [{ tool_choice: 'required' }, 'tool_choice', /without tools/],
  [
    {
      tools: [{ ...tool, function: { name: 'f', strict: true, parameters: { $recursiveRef: '#' } } }],
    },
    'tools[0].function.parameters',
    /recursiveRef/,
  ],
  [{ chat_template_kwargs: { date_string: 1 } }, 'chat_template_kwargs.date_string', /26 Jul/],
  // OpenAI's API has these, and this server does not.
  [{ store: true }, 'store', /not supported/],
  [{ audio: {} }, 'audio', /not supported/],
  [{ modalities: ['audio'] }, 'modalities', /not supported/],
  [{ functions: [] }, 'functions', /use tools/],
  [{ grammar: 'root ::= "a"' }, 'grammar', /JSON schema/],
  [{ previous_response_id: 'a' }, 'previous_response_id', /not known/],
];

/** Messages, the param of the refusal, and a word of its message. */
const refusedMessages: readonly (readonly [unknown, string, RegExp])[] = [
  [undefined, 'messages', /missing/],
  [[], 'messages', /not empty/],
  ['Hi', 'messages', /list/],
  [['Hi'], 'messages[0]', /role/],
  [[{ content: 'Hi' }], 'messages[0].role', /user/],
  [[{ role: 'robot', content: 'Hi' }], 'messages[0].role', /robot/],
  [[user, { role: 'user' }], 'messages[1].content', /text/],
  [[{ ...user, images: [], x: 1 }], 'messages[0].images', /not known/],
  [
    [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://x' } }] }],
    'messages[0].content[0].type',
    /image_url.*not supported/,
  ],
  [[{ role: 'user', content: [{ type: 'input_audio' }] }], 'messages[0].content[0].type', /input_audio/],
  [[{ role: 'user', content: '\ud800' }], '', /half a character/],
  [
    [
      user,
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{' } }],
      },
    ],
    'messages[1].tool_calls[0].function.arguments',
    /JSON/,
  ],
];

const refusedCompletions: readonly (readonly [Record<string, unknown>, string, RegExp])[] = [
  [{}, 'prompt', /missing/],
  [{ prompt: 1 }, 'prompt', /text/],
  [{ prompt: [] }, 'prompt', /list/],
  [{ prompt: ['a', 1] }, 'prompt', /list/],
  [{ prompt: Array(100).fill('a'), n: 2 }, 'n', /128/],
  [{ prompt: 'a', best_of: 2 }, 'best_of', /use n/],
  [{ prompt: 'a', echo: true }, 'echo', /not supported/],
  [{ prompt: 'a', suffix: 'b' }, 'suffix', /not supported/],
  [{ prompt: 'a', logprobs: true }, 'logprobs', /0 to 20/],
];

describe('a request to the server', () => {
  let model: Model;
  let api: TestServer;
  before(async () => {
    model = await openSample();
    api = await serve(model);
  });
  after(() => model.close());

  it("for a chat is refused with the field's name when a field is unknown, wrong or not supported", async () => {
    for (const [fields, param, message] of refusedChats) {
      const error = await errorOf(await api.post('/v1/chat/completions', { messages: [user], ...fields }));
      assert.equal(error.status, 400, JSON.stringify(fields));
      assert.equal(error.type, 'invalid_request_error');
      // What the model refuses, the engine knows of no field.
      if (!('logit_bias' in fields && /9999999/.test(message.source))) assert.equal(error.param, param);
      assert.match(error.message, message);
    }
    assert.equal(api.engine.nRunning + api.engine.nWaiting, 0);
  });

  it('is refused with the message and part at fault when messages are not of text', async () => {
    for (const [messages, param, message] of refusedMessages) {
      const error = await errorOf(await api.post('/v1/chat/completions', { messages }));
      assert.deepEqual([error.status, error.param ?? ''], [400, param], error.message);
      assert.match(error.message, message);
    }
  });

  it("for a completion is refused with the field's name when a field is unknown, wrong or not supported", async () => {
    for (const [fields, param, message] of refusedCompletions) {
      const error = await errorOf(await api.post('/v1/completions', fields));
      assert.deepEqual([error.status, error.param], [400, param], error.message);
      assert.match(error.message, message);
    }
  });

  it('may have null for absent fields, and fields that change no answer', async () => {
    const fields = {
      ...{
        messages: [{ ...user, name: null }],
        model: MODEL_NAME,
        temperature: 0,
        max_tokens: 2,
        stop: null,
        tools: null,
      },
      ...{
        response_format: null,
        user: 'me',
        metadata: { a: 'b' },
        service_tier: 'auto',
        store: false,
        modalities: ['text'],
      },
    };
    assert.equal((await api.post('/v1/chat/completions', fields)).status, 200);
  });

  it("may contain the messages of the server's own answers, and content in parts", async () => {
    const parts = [
      { type: 'text', text: 'Hi' },
      { type: 'text', text: 'there' },
    ];
    const answered = { role: 'assistant', content: 'Hello', refusal: null, annotations: [], tool_calls: [] };
    const messages = [{ role: 'developer', content: 'Be brief.' }, { role: 'user', content: parts }, answered, user];
    const applied = await api.post('/apply-template', { messages });
    const { prompt } = (await applied.json()) as { prompt: string };
    assert.match(prompt, /system<\|end_header_id\|>[\s\S]*Be brief\.<\|eot_id\|>/);
    assert.match(prompt, /user<\|end_header_id\|>\n\nHi\nthere<\|eot_id\|>/);
  });

  it('that does not fit the context is refused by an error with both numbers', async () => {
    const long = { messages: [{ role: 'user', content: 'a fox '.repeat(2000) }] };
    const error = await errorOf(await api.post('/v1/chat/completions', long));
    assert.deepEqual([error.status, error.code], [400, 'context_length_exceeded']);
    assert.match(error.message, /prompt of \d+ tokens, expected at most 2048/);
    const asked = await errorOf(await api.post('/v1/completions', { prompt: 'Once', max_tokens: 2048 }));
    assert.deepEqual([asked.status, asked.code], [400, 'context_length_exceeded']);
    assert.match(asked.message, /of 2 tokens and an answer of 2048, expected at most 2049/);
  });

  it('for another model is refused with 404, and without one is for the model that is served', async () => {
    const error = await errorOf(await api.post('/v1/completions', { model: 'gpt-4', prompt: 'a' }));
    assert.deepEqual([error.status, error.code, error.param], [404, 'model_not_found', 'model']);
    assert.equal((await api.get('/v1/models/nothing')).status, 404);
    assert.equal((await api.get(`/v1/models/${MODEL_NAME}`)).status, 200);
  });

  it('with 100,000 biases or a pattern with too many states is refused, and one with a schema of a megabyte is answered', async () => {
    const logit_bias = Object.fromEntries(Array.from({ length: 100_000 }, (_, id) => [id, 1]));
    const biased = await errorOf(await api.post('/v1/completions', { prompt: 'a', logit_bias }));
    assert.deepEqual([biased.status, /token 1329/.test(biased.message)], [400, true]);
    const values = Array.from({ length: 20_000 }, (_, i) => `a value of some fifty letters, which is number ${i}`);
    const large = { messages: [user], max_tokens: 2, response_format: schema({ enum: values }) };
    assert.ok(JSON.stringify(large).length > 1_000_000);
    assert.equal((await api.post('/v1/chat/completions', large)).status, 200);
    const bomb = schema({ type: 'string', pattern: '(a{1,1000}){1,1000}' });
    const bombed = await errorOf(await api.post('/v1/chat/completions', { messages: [user], response_format: bomb }));
    assert.deepEqual([bombed.status, bombed.param], [400, 'response_format']);
  }).timeout(60_000);
});
