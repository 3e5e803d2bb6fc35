// Tool calls: held to a schema where one is demanded, read from the answer where it may be one, and streamed as deltas.

import { strict as assert } from 'node:assert';
import { createSchemaJudge, type Model } from '@llama-ts/runtime';
import type OpenAI from 'openai';
import {
  chatOf,
  errorOf,
  MODEL_NAME,
  openSample,
  readEvents,
  scriptedEngine,
  serve,
  serveOn,
  type TestServer,
} from './support.js';

const weather = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { enum: ['Oslo', 'Rome'] }, unit: { $ref: '#/$defs/unit' } },
      required: ['city', 'unit'],
      additionalProperties: false,
      $defs: { unit: { enum: ['c', 'f'] } },
    },
  },
};
const clock = { type: 'function' as const, function: { name: 'clock' } };
const tools = [clock, weather];
const asked = {
  ...{ model: MODEL_NAME, messages: [{ role: 'user' as const, content: 'How warm is it in Oslo?' }] },
  ...{ tools, temperature: 1, seed: 4, max_completion_tokens: 80 },
};

interface Said {
  content: string;
  calls: { id: string; name: string; args: string; pieces: number }[];
  reason: string | null;
}

/** The arguments of each call of an answer. */
function argumentsOf({ message }: OpenAI.ChatCompletion.Choice): string[] {
  return (message.tool_calls ?? []).map((call) => (call.type === 'function' ? call.function.arguments : ''));
}

/** What the chunks of a stream come to. */
function joined(chunks: readonly OpenAI.ChatCompletionChunk[]): Said {
  const said: Said = { content: '', calls: [], reason: null };
  for (const { delta, finish_reason: reason } of chunks.flatMap((chunk) => chunk.choices)) {
    said.content += delta.content ?? '';
    said.reason = reason ?? said.reason;
    for (const { index, id, type, function: called } of delta.tool_calls ?? []) {
      assert.equal(typeof index, 'number');
      const call = said.calls[index];
      if (call === undefined) {
        assert.equal(type, 'function');
        said.calls[index] = { id: id!, name: called!.name!, args: called!.arguments!, pieces: 1 };
      } else {
        // Only the first has them.
        assert.deepEqual([id, type, called!.name], [undefined, undefined, undefined]);
        call.args += called!.arguments;
        call.pieces++;
      }
    }
  }
  return said;
}

describe('a tool call of the server', () => {
  let model: Model;
  let api: TestServer;
  before(async () => {
    model = await openSample();
    api = await serve(model);
  });
  after(() => model.close());

  const isWeather = createSchemaJudge(weather.function.parameters);

  it('that is required, by name or by "required", has arguments that meet the schema of its function', async () => {
    const named = { type: 'function' as const, function: { name: 'get_weather' } };
    for (const tool_choice of [named, 'required' as const]) {
      const { choices } = await api.client.chat.completions.create({ ...asked, tool_choice });
      const { message, finish_reason: reason } = choices[0]!;
      assert.deepEqual([message.content, reason, message.tool_calls!.length], [null, 'tool_calls', 1]);
      const [call] = message.tool_calls!;
      assert(call!.type === 'function');
      assert.match(call!.id, /^call_[0-9a-f]{32}$/);
      const given = JSON.parse(call!.function.arguments);
      if (tool_choice === named) assert.equal(call!.function.name, 'get_weather');
      assert.ok(call!.function.name === 'clock' ? Object.keys(given).length === 0 : isWeather(given));
    }
  });

  it('takes parameters whose names are keywords of JSON schema, with references', async () => {
    const unit = { $ref: '#/$defs/unit' };
    const parameters = {
      type: 'object',
      properties: { default: unit, const: unit, enum: unit, examples: { type: 'array', items: unit, maxItems: 1 } },
      required: ['default', 'const', 'enum', 'examples'],
      additionalProperties: false,
      $defs: { unit: { enum: ['c', 'f'] } },
    };
    const named = { type: 'function' as const, function: { name: 'set', strict: true, parameters } };
    const { choices } = await api.client.chat.completions.create({
      ...{ ...asked, max_completion_tokens: 400, tools: [clock, named] },
      tool_choice: { type: 'function', function: { name: 'set' } },
    });
    const [given] = argumentsOf(choices[0]!);
    assert.ok(createSchemaJudge(parameters)(JSON.parse(given!)), given);
  });

  it('that is required is streamed in pieces, which join to the call of a response without streaming', async () => {
    const wanted = { ...asked, tool_choice: { type: 'function', function: { name: 'get_weather' } } };
    const { choices } = await chatOf(await api.post('/v1/chat/completions', wanted));
    const { chunks } = await readEvents(await api.post('/v1/chat/completions', { ...wanted, stream: true }));
    const { content, calls, reason } = joined(chunks);
    assert.deepEqual([content, reason, calls.length], ['', 'tool_calls', 1]);
    assert.equal(calls[0]!.args, argumentsOf(choices[0]!)[0]);
    assert.ok(calls[0]!.pieces > 3, `${calls[0]!.pieces} pieces`);
  });

  it('that a limit cuts off has the finish reason length and the arguments so far', async () => {
    const wanted = {
      ...asked,
      max_completion_tokens: 20,
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    };
    const whole = await chatOf(await api.post('/v1/chat/completions', wanted));
    assert.equal(whole.choices[0]!.finish_reason, 'length');
    for (const given of argumentsOf(whole.choices[0]!)) assert.throws(() => JSON.parse(given));
  });

  it('comes back with its result through the template', async () => {
    const messages = [
      ...asked.messages,
      {
        ...{ role: 'assistant', content: null },
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'get_weather', arguments: '{"city": "Oslo"}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: '7 degrees' },
    ];
    const { prompt } = (await (await api.post('/apply-template', { messages, tools })).json()) as { prompt: string };
    assert.match(prompt, /\{"name": "get_weather", "parameters": \{"city": "Oslo"\}\}<\|eot_id\|>/);
    assert.match(prompt, /ipython<\|end_header_id\|>\n\n"7 degrees"<\|eot_id\|>/);
    assert.match(prompt, /Weather of a city/);
  });

  it('does not occur where tool_choice is none: the prompt has no tools and the answer is text', async () => {
    const none = await api.post('/v1/chat/completions', { ...asked, tool_choice: 'none' });
    const without = await api.post('/v1/chat/completions', { ...asked, tools: undefined });
    const [a, b] = [await chatOf(none), await chatOf(without)];
    assert.deepEqual([a.choices, a.usage!.prompt_tokens], [b.choices, b.usage!.prompt_tokens]);
  });

  it('is refused when the template ignores tools', async () => {
    const plain = await serve({ ...model, chatTemplate: '{{ messages[0].content }}', namedTemplates: {} });
    const error = await errorOf(await plain.post('/v1/chat/completions', asked));
    assert.deepEqual([error.status, error.param, error.code], [400, 'tools', 'tools_not_supported']);
  });

  describe('that the model makes by itself', () => {
    const call = { name: 'get_weather', args: { city: 'Oslo', unit: 'c' } };
    const { args } = call;
    /** Texts of an answer, and the calls that it is; none for text. */
    const shapes: readonly (readonly [
      string,
      readonly (string | number)[],
      readonly { name: string; args: unknown }[],
    ])[] = [
      ['the template', ['{"name": "get_', 'weather", "parameters": {"city": "Oslo", ', '"unit": "c"}}'], [call]],
      ['arguments for parameters', ['{"name": "get_weather", "arg', 'uments": {"city": "Oslo", "unit": "c"}}'], [call]],
      ['a tag before it', ['TAG', '{"name": "clock", "parameters": {}}'], [{ name: 'clock', args: {} }]],
      [
        'two joined by a semicolon',
        [`{"name": "clock", "parameters": {}}; `, `{"name": "get_weather", "parameters": ${JSON.stringify(args)}}`],
        [{ name: 'clock', args: {} }, call],
      ],
      [
        'two on lines',
        [`{"name": "clock", "parameters": {}}\n{"name": "clock", "parameters": {}}`],
        [
          { name: 'clock', args: {} },
          { name: 'clock', args: {} },
        ],
      ],
      ['Python', ['[get_weather(city="Oslo"', ', unit="c")]'], [call]],
      ['a function of no tool', ['{"name": "delete_all", ', '"parameters": {}}'], []],
      ['JSON that is no call', ['{"na', 'me": "Ada", "age": 36}'], []],
      ['other JSON', ['{"a', 'ge": 36}'], []],
      ['half a call', ['{"name": "clock", "para'], []],
      ['a list', ['[1', '] is a reference'], []],
      ['a list of words', ['[see', ' below]'], []],
      ['less than a call', ['<', 'b>bold</b>'], []],
      ['text', ['It is', ' warm.'], []],
      ['white space', ['\n', ' '], []],
    ];

    for (const [what, texts, calls] of shapes) {
      it(`is read from an answer in the form of ${what}, with and without streaming`, async () => {
        const tag = model.tokenizer!.specialId('<|python_tag|>')!;
        const pieces = texts.map((text) => (text === 'TAG' ? tag : text));
        const content = pieces.filter((piece) => typeof piece === 'string').join('');
        const scripted = await serveOn(scriptedEngine(pieces), model);
        const { chunks, isDone } = await readEvents(
          await scripted.post('/v1/chat/completions', { ...asked, stream: true }),
        );
        assert.ok(isDone);
        const said = joined(chunks);
        assert.deepEqual(
          said.calls.map((made) => ({ name: made.name, args: JSON.parse(made.args) })),
          calls,
        );
        assert.equal(said.content, calls.length > 0 ? '' : content);
        assert.equal(said.reason, calls.length > 0 ? 'tool_calls' : 'stop');
        assert.equal(new Set(said.calls.map(({ id }) => id)).size, calls.length);
        const { choices } = await chatOf(await scripted.post('/v1/chat/completions', asked));
        const { message, finish_reason: reason } = choices[0]!;
        assert.deepEqual([message.content, reason], [calls.length > 0 ? null : content, said.reason]);
        assert.deepEqual(
          argumentsOf(choices[0]!),
          said.calls.map((made) => made.args),
        );
      });
    }

    it('delays text no longer than it may become a call', async () => {
      const scripted = await serveOn(scriptedEngine(['Well', ', {"name"', ': 1}']), model);
      const { chunks } = await readEvents(await scripted.post('/v1/chat/completions', { ...asked, stream: true }));
      const texts = chunks.flatMap((chunk) => chunk.choices.map(({ delta }) => delta.content)).filter(Boolean);
      assert.deepEqual(texts, ['Well', ', {"name"', ': 1}']);
    });

    it('of a strict function is a call only when its arguments meet the schema', async () => {
      const strict = { ...weather, function: { ...weather.function, strict: true } };
      for (const [city, isCall] of [
        ['Oslo', true],
        ['Paris', false],
      ] as const) {
        const text = JSON.stringify({ name: 'get_weather', parameters: { unit: 'c', city } });
        const scripted = await serveOn(scriptedEngine([text]), model);
        const answer = await scripted.post('/v1/chat/completions', { ...asked, tools: [strict] });
        const { message } = (await chatOf(answer)).choices[0]!;
        assert.deepEqual([message.tool_calls?.length ?? 0, message.content], isCall ? [1, null] : [0, text]);
      }
    });
  });

  describe('with tool_choice auto', () => {
    const form = {
      type: 'object',
      properties: { degrees: { type: 'integer', minimum: 0, maximum: 9 } },
      required: ['degrees'],
      additionalProperties: false,
    };
    const isForm = createSchemaJudge(form);
    const response_format = { type: 'json_schema', json_schema: { name: 'answer', schema: form } };
    const strict = { ...weather, function: { ...weather.function, strict: true } };

    /** Has an answer begin with a brace, wherever it may. */
    function brace(): Record<string, number> {
      return { [model.tokenizer!.encode('{')[0]!]: 100 };
    }

    it('holds what begins as a call to the schema of a strict function, and leaves text free', async () => {
      for (let seed = 0; seed < 4; seed++) {
        const wanted = { ...asked, seed, temperature: 1.5, tools: [strict], max_completion_tokens: 200 };
        const held = await chatOf(await api.post('/v1/chat/completions', { ...wanted, logit_bias: brace() }));
        const [{ message, finish_reason: reason }] = held.choices as [OpenAI.ChatCompletion.Choice];
        assert.deepEqual([reason, message.content], ['tool_calls', null]);
        const [given] = argumentsOf(held.choices[0]!);
        assert.ok(isWeather(JSON.parse(given!)));
        const loose = { ...wanted, tools: [weather], logit_bias: brace(), max_completion_tokens: 8 };
        const free = (await chatOf(await api.post('/v1/chat/completions', loose))).choices[0]!;
        assert.match(free.message.content!, /^\{(?!"name")/);
        const text = (await chatOf(await api.post('/v1/chat/completions', wanted))).choices[0]!;
        assert.ok(text.message.tool_calls === undefined && text.message.content !== '');
      }
    });

    it('holds an answer to one call at most where parallel_tool_calls is false', async () => {
      const wanted = { ...asked, parallel_tool_calls: false, tools: [clock], logit_bias: brace() };
      const { message } = (await chatOf(await api.post('/v1/chat/completions', wanted))).choices[0]!;
      assert.ok((message.tool_calls?.length ?? 0) <= 1);
      assert.match(message.tool_calls === undefined ? message.content! : '{"name": "clock"', /^\{"name": ?"clock"/);
    });

    it('holds an answer to the form of response_format or to a call, with and without streaming', async () => {
      const kinds = new Set<string>();
      for (let seed = 1; seed <= 6; seed++) {
        const wanted = { ...asked, seed, temperature: 2, tools: [strict], response_format, max_completion_tokens: 200 };
        const { message } = (await chatOf(await api.post('/v1/chat/completions', wanted))).choices[0]!;
        const { chunks } = await readEvents(await api.post('/v1/chat/completions', { ...wanted, stream: true }));
        const said = joined(chunks);
        if (message.tool_calls === undefined) {
          kinds.add('form');
          assert.ok(isForm(JSON.parse(message.content!)), message.content!);
          assert.deepEqual([said.content, said.calls], [message.content, []]);
        } else {
          kinds.add('call');
          const [call] = message.tool_calls;
          assert(call?.type === 'function');
          assert.ok(isWeather(JSON.parse(call.function.arguments)));
          assert.equal(said.calls[0]!.args, call.function.arguments);
        }
      }
      assert.deepEqual([...kinds].sort(), ['call', 'form']);
    });

    it('names the schema at fault, of a form beside tools too, and refuses stop strings beside what is held', async () => {
      const bad = { type: 'json_schema', json_schema: { name: 'x', schema: { $recursiveRef: '#' } } };
      for (const [fields, param] of [
        [{ response_format: bad }, 'response_format'],
        [{ response_format: bad, tool_choice: 'required' }, 'response_format'],
        [{ response_format, stop: 'a' }, 'stop'],
        [{ tools: [strict], stop: 'a' }, 'stop'],
      ] as const) {
        const error = await errorOf(await api.post('/v1/chat/completions', { ...asked, ...fields }));
        assert.deepEqual([error.status, error.param], [400, param], error.message);
      }
    });
  });

  it('and any other answer is repeated by seed 0, which the response says', async () => {
    const wanted = { ...asked, tools: undefined, seed: 0, temperature: 1.5, max_completion_tokens: 12 };
    const answers = await Promise.all([1, 2].map(async () => chatOf(await api.post('/v1/chat/completions', wanted))));
    const [first, second] = answers as unknown as [{ seed: number; choices: object }, { choices: object }];
    assert.equal(first.seed, 0);
    assert.deepEqual(first.choices, second.choices);
    const other = await chatOf(await api.post('/v1/chat/completions', { ...wanted, seed: 1 }));
    assert.notDeepEqual(other.choices, first.choices);
  });
});
