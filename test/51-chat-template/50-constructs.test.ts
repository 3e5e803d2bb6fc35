import assert from 'node:assert/strict';
import { isToolkitError } from '@llama-ts/base';
import { renderChat } from '@llama-ts/runtime';
import { findPython, type OracleResult, renderByOracle } from '../helpers/jinja-oracle.js';
import { readJson, sampleTokenizer } from '../helpers/tokenizers.js';

const NOW = new Date(2024, 6, 6, 9, 5, 7);
const MESSAGES = [
  { role: 'user', content: 'Hello <|eot_id|> wörld 😀 x' },
  { role: 'assistant', content: null },
  { role: 'user', content: [{ type: 'text', text: 'ab' }] },
];
const VARIABLES = {
  ...{ s: 'a,b,,c', n: 7, f: 2.5, l: [3, 1, 2], neg: -3, big: 12345678901234, u: 'ß😀é', t: true },
  d: { b: 1, a: [1, { c: null }], 'k-x': true },
  objs: [
    { n: 'B', v: 2 },
    { n: 'a', v: 1 },
    { n: 'b', v: 2 },
  ],
};

/** What the toolkit makes of a template, in the oracle's form; any error but a template's own is thrown. */
function ours(template: string): OracleResult {
  try {
    return { text: renderChat(sampleTokenizer(), template, MESSAGES, { today: NOW, variables: VARIABLES }) };
  } catch (error) {
    if (!isToolkitError(error) || error.code !== 'TEMPLATE_ERROR') throw error;
    return { error: error.code, message: error.message };
  }
}

describe('single constructs of Jinja', function () {
  this.timeout(120_000);

  it('give what jinja2 gives: expressions, methods, filters, tests, statements, white space and refusals', function () {
    const python = findPython();
    if (python === null) return this.skip();
    const templates = readJson<string[]>('test/fixtures/chat-template/constructs.json');
    assert.ok(templates.length > 1000);
    const variables = {
      ...VARIABLES,
      ...{ messages: MESSAGES, tools: null, documents: null, add_generation_prompt: true },
      ...{ bos_token: '<|begin_of_text|>', eos_token: '<|eot_id|>' },
    };
    const expected = renderByOracle(
      python,
      templates.map((template) => ({ template, variables, now: NOW })),
    );
    for (const [i, template] of templates.entries()) {
      const theirs = expected[i]!;
      const made = ours(template);
      if ('error' in theirs) assert.ok('error' in made, `${template} gives ${JSON.stringify(made)}, expected an error`);
      else assert.deepEqual(made, theirs, template);
    }
  });
});
