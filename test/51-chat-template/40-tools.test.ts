import assert from 'node:assert/strict';
import {
  type ChatMessage,
  type ChatOptions,
  encodeChat,
  parseToolCall,
  parseToolCalls,
  renderChat,
} from '@llama-ts/runtime';
import fc from 'fast-check';
import { findPython, renderByOracle } from '../helpers/jinja-oracle.js';
import { llamaFile, llamaTokenizer, oracleIds, oracleTokenizer, readJson } from '../helpers/tokenizers.js';

const template = readJson<{ chat_template: string }>(llamaFile('tokenizer_config.json')).chat_template;
const DATE = '01 Jan 2026';
const ANSWER_HEAD = '<|start_header_id|>assistant<|end_header_id|>\n\n';

const json = fc.jsonValue({ maxDepth: 2 }).filter((value) => !JSON.stringify(value).includes('\\u'));
const name = fc.stringMatching(/^[a-z_][a-z0-9_]{0,12}$/);
const text = fc.string({
  unit: fc.constantFrom('a', ' ', '\n', '"', '{', 'é', '中', '🦊', '<'),
  maxLength: 12,
});
const values = fc.dictionary(name, fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text, { maxLength: 3 })), {
  noNullPrototype: true,
});
const tool = fc
  .record({ name, description: text, parameters: values }, { noNullPrototype: true })
  .map((definition) => ({ type: 'function', function: definition }));
const call = fc
  .record({ name, arguments: values }, { noNullPrototype: true })
  .map((made) => ({ type: 'function', function: made }));
const conversation = fc
  .tuple(text, call, fc.constantFrom('tool', 'ipython'), fc.oneof(text, values, fc.array(text)))
  .map(([question, made, role, result]): ChatMessage[] => [
    { role: 'user', content: question },
    { role: 'assistant', content: '', tool_calls: [made] },
    { role, content: result },
  ]);

describe('tools in a conversation, by the real Llama 3.2 template', function () {
  this.timeout(60_000);

  it('give the text that jinja2 renders and the tokens of the Rust tokenizer, wherever definitions stand', async function () {
    const python = findPython();
    if (python === null) return this.skip();
    const cases = fc.sample(fc.tuple(conversation, fc.array(tool, { minLength: 1, maxLength: 3 }), fc.boolean()), {
      numRuns: 100,
      seed: 3,
    });
    const oracle = cases.map(([messages, tools, tools_in_user_message]) => ({
      template,
      variables: {
        messages,
        tools,
        tools_in_user_message,
        date_string: DATE,
        add_generation_prompt: true,
        bos_token: '<|begin_of_text|>',
        eos_token: '<|eot_id|>',
      },
      now: new Date(),
    }));
    const rendered = renderByOracle(python, oracle).map((result) => ('text' in result ? result.text : result.error));
    const expected = await oracleIds(oracleTokenizer(llamaFile('tokenizer.json'), { specials: 'tokens' }), rendered);
    for (const [i, [messages, tools, tools_in_user_message]] of cases.entries()) {
      const options: ChatOptions = { tools, dateString: DATE, variables: { tools_in_user_message } };
      assert.equal(renderChat(llamaTokenizer(), template, messages, options), rendered[i]);
      assert.deepEqual(encodeChat(llamaTokenizer(), template, messages, options), expected[i]);
    }
  });
});

describe('a tool call in an answer', () => {
  it('is read from the text that the template renders for one', () => {
    fc.assert(
      fc.property(call, (made) => {
        const messages = [
          { role: 'user', content: 'x' },
          { role: 'assistant', content: '', tool_calls: [made] },
        ];
        const options = { dateString: DATE, addGenerationPrompt: false };
        const prompt = renderChat(llamaTokenizer(), template, messages, options);
        const answer = prompt.slice(prompt.lastIndexOf(ANSWER_HEAD) + ANSWER_HEAD.length, -'<|eot_id|>'.length);
        assert.deepEqual(parseToolCall(answer), made);
        // An answer of the model that is kept as text gives the same prompt.
        assert.equal(
          renderChat(llamaTokenizer(), template, [messages[0]!, { role: 'assistant', content: answer }], options),
          prompt,
        );
      }),
    );
  });

  it('is read from no other text and no other JSON', () => {
    fc.assert(fc.property(json, (value) => assert.equal(parseToolCall(JSON.stringify(value)), null)));
    for (const answer of [
      '',
      'It rains.',
      '{"name": "weather", "parameters": {"city": "Par',
      'Sure: {"name": "weather", "parameters": {}}',
      '{"name": "weather"}',
      '{"name": "", "parameters": {}}',
      '{"name": 1, "parameters": {}}',
      '{"name": "weather", "parameters": []}',
      '{"name": "weather", "parameters": {}, "more": 1}',
    ]) {
      assert.equal(parseToolCall(answer), null, answer);
    }
  });
});

describe('tool calls in an answer', () => {
  const f = { type: 'function', function: { name: 'f', arguments: { a: 1 } } };
  const g = { type: 'function', function: { name: 'g', arguments: {} } };
  const json = '{"name": "f", "parameters": {"a": 1}}';
  const empty = '{"name": "g", "parameters": {}}';

  for (const [answer, expected] of [
    [json, [f]],
    [`  ${json}\n`, [f]],
    ['{"type": "function", "name": "f", "parameters": {"a": 1}}', [f]],
    ['{"name": "f", "arguments": {"a": 1}}', [f]],
    ['{"name": "f", "arguments": "{\\"a\\": 1}"}', [f]],
    ['{"type": "function", "function": {"name": "f", "arguments": "{\\"a\\": 1}"}, "id": "call_1"}', [f]],
    ['{"type": "function", "function": "f", "parameters": {"a": 1}}', [f]],
    [`<|python_tag|>${json}`, [f]],
    [`<|python_tag|>${json}<|eom_id|>`, [f]],
    [`${json}; ${empty}`, [f, g]],
    [`${json}\n${empty}\n`, [f, g]],
    [`${json}${empty}`, [f, g]],
    [`<|python_tag|>${json};${empty};${json}`, [f, g, f]],
    [`[${json}, ${empty}]`, [f, g]],
    ['[f(a=1)]', [f]],
    ['[f(a=1), g()]', [f, g]],
    [' [ f ( a = 1 , ) , g ( ) , ]', [f, g]],
    ['<|python_tag|>[f(a=1)]', [f]],
    ['<|python_tag|>f.call(a=1)', [f]],
    ['<function=f>{"a": 1}</function>', [f]],
    ['<function=f>{"a": 1}</function>\n<function=g>{}</function>', [f, g]],
    [`<tool_call>\n${json}\n</tool_call>`, [f]],
    [`<tool_call>${json}</tool_call>\n<tool_call>{"name": "g", "arguments": {}}</tool_call>`, [f, g]],
  ] as const) {
    it(`are found in ${JSON.stringify(answer)}`, () => {
      assert.deepEqual(parseToolCalls(answer), expected);
      assert.deepEqual(parseToolCall(answer), expected[0]);
    });
  }

  for (const answer of [
    '',
    'Hello!',
    `Sure: ${json}`,
    `${json} is the call.`,
    `${json}; and more`,
    `${json.slice(0, -1)}`,
    '{"name": "f"}',
    '{"name": "", "parameters": {}}',
    '{"name": "f", "parameters": [1]}',
    '{"name": "f", "parameters": {}, "note": 1}',
    '{"type": "object", "name": "f", "parameters": {}}',
    '{"parameters": {}}',
    '[]',
    '[1, 2]',
    `[${json}, 3]`,
    '[f(1)]',
    '[f(a=b)]',
    '[f(a=1, a=2)]',
    '[f(a=1)',
    '[f(a=1)] and so on',
    '[see chapter 2]',
    '[f(a=__import__("os").system("x"))]',
    'f(a=1)',
    'f.call(a=1)',
    '<function=f>{"a": 1}',
    '<function=>{}</function>',
    '<function=f>1</function>',
    `<tool_call>${json}`,
    `<tool_call>${json}</tool_call> done`,
    '<b>bold</b>',
    `[f(a=${'['.repeat(100_000)}`,
    '{'.repeat(100_000),
    `{"name": "f", "parameters": ${'{"a":'.repeat(100_000)}`,
  ]) {
    it(`are not found in ${JSON.stringify(answer).slice(0, 60)}`, () => {
      assert.deepEqual(parseToolCalls(answer), []);
      assert.equal(parseToolCall(answer), null);
    });
  }

  it('have the values of their Python literals', () => {
    const [only] = parseToolCalls(
      `[a.b(s="x\\n\\u00e9\\x41'", t='"', n=-1.5e3, yes=True, no=False, nil=None, list=[1, (2, 3)], map={'k': {"l": []}}, __proto__=1)]`,
    );
    assert.equal(only!.function.name, 'a.b');
    assert.deepEqual(Object.entries(only!.function.arguments), [
      ['s', "x\n\u00e9A'"],
      ['t', '"'],
      ['n', -1500],
      ['yes', true],
      ['no', false],
      ['nil', null],
      ['list', [1, [2, 3]]],
      ['map', { k: { l: [] } }],
      ['__proto__', 1],
    ]);
  });
});
