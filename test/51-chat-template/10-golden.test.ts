import assert from 'node:assert/strict';
import { type ChatMessage, encodeChat, renderChat } from '@llama-ts/runtime';
import { findPython, renderByOracle } from '../helpers/jinja-oracle.js';
import { randomText, seededRandom } from '../helpers/random-text.js';
import {
  llamaFile,
  llamaTokenizer,
  oracleIds,
  oracleTokenizer,
  readJson,
  sampleFile,
  sampleTokenizer,
} from '../helpers/tokenizers.js';
import { templateOf } from './support.js';

const DATE = '01 Jan 2026';

describe("the sample model's chat template", () => {
  it('renders the golden prompts', () => {
    const template = templateOf(sampleFile('tokenizer_config.json'));
    const golden = readJson<{ messages: ChatMessage[]; date: string; prompt_ids: number[] }[]>(
      'test/fixtures/golden/sample/chat.json',
    );
    assert.ok(golden.length > 2);
    for (const { messages, date, prompt_ids } of golden) {
      assert.deepEqual(encodeChat(sampleTokenizer(), template, messages, { dateString: date }), prompt_ids);
    }
  });
});

const WEATHER = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

for (const { name, folder, tokenizer } of [
  { name: 'sample', folder: sampleFile, tokenizer: sampleTokenizer },
  { name: 'real Llama 3.2', folder: llamaFile, tokenizer: llamaTokenizer },
]) {
  describe(`a conversation by the ${name} template`, () => {
    const template = templateOf(folder('tokenizer_config.json'));

    it('has the tokens that the Rust tokenizer gives to what jinja2 renders', async function () {
      const python = findPython();
      if (python === null) return this.skip();
      const random = seededRandom(5);
      const conversations = Array.from({ length: 200 }, (_, i): ChatMessage[] => [
        ...(i % 2 === 0 ? [{ role: 'system', content: randomText(random) }] : []),
        { role: 'user', content: `${randomText(random)} \n` },
        { role: 'assistant', content: randomText(random) },
        { role: 'user', content: randomText(random) },
      ]);
      const cases = conversations.map((messages) => ({
        template,
        variables: {
          messages,
          tools: null,
          date_string: DATE,
          add_generation_prompt: true,
          bos_token: '<|begin_of_text|>',
          eos_token: '<|eot_id|>',
        },
        now: new Date(),
      }));
      const rendered = renderByOracle(python, cases).map((result) => ('text' in result ? result.text : result.error));
      const expected = await oracleIds(oracleTokenizer(folder('tokenizer.json'), { specials: 'tokens' }), rendered);
      for (const [i, messages] of conversations.entries()) {
        assert.equal(renderChat(tokenizer(), template, messages, { dateString: DATE }), rendered[i]);
        assert.deepEqual(encodeChat(tokenizer(), template, messages, { dateString: DATE }), expected[i]);
      }
    }).timeout(60_000);

    it('ends with the header of an answer unless addGenerationPrompt is false', () => {
      const messages = [{ role: 'user', content: 'Hi' }];
      const head = '<|start_header_id|>assistant<|end_header_id|>\n\n';
      const options = { dateString: DATE };
      const open = renderChat(tokenizer(), template, messages, options);
      const closed = renderChat(tokenizer(), template, messages, { ...options, addGenerationPrompt: false });
      assert.equal(open, closed + head);
    });
  });
}

describe('the real Llama 3.2 template with tools', () => {
  const template = templateOf(llamaFile('tokenizer_config.json'));
  const call = { type: 'function', function: { name: 'weather', arguments: { city: 'Paris' } } };
  const messages: ChatMessage[] = [
    { role: 'user', content: 'How is the weather in Paris?', tool_calls: undefined },
    { role: 'assistant', content: '', tool_calls: [call] },
    { role: 'tool', content: { degrees: 21.5 } },
  ];

  it('renders definitions of tools, their calls and results', () => {
    const text = renderChat(llamaTokenizer(), template, messages, { dateString: DATE, tools: [WEATHER] });
    assert.match(text, /Environment: ipython\nCutting Knowledge Date/);
    assert.ok(text.includes(JSON.stringify(WEATHER, null, 4)));
    assert.ok(text.includes('{"name": "weather", "parameters": {"city": "Paris"}}<|eot_id|>'));
    assert.ok(text.includes('<|start_header_id|>ipython<|end_header_id|>\n\n{"degrees": 21.5}<|eot_id|>'));
  });

  it("reads the caller's variables", () => {
    const options = { dateString: DATE, tools: [WEATHER], variables: { tools_in_user_message: false } };
    const text = renderChat(llamaTokenizer(), template, messages, options);
    assert.match(text, /You have access to the following functions/);
  });

  it('throws what the template raises', () => {
    assert.throws(() => renderChat(llamaTokenizer(), template, [{ role: 'assistant', tool_calls: [call, call] }]), {
      code: 'TEMPLATE_ERROR',
      message: /This model only supports single tool-calls at once!/,
    });
  });
});
