import assert from 'node:assert/strict';
import { isToolkitError } from '@llama-ts/format';
import { type ChatMessage, encodeChat, renderChat } from '@llama-ts/runtime';
import { llamaFile, llamaTokenizer, readJson, sampleTokenizer } from '../helpers/tokenizers.js';

const loop = (body: string, start = "x='ab'") =>
  `{% set ns = namespace(${start}) %}{% for i in range(90000) %}${body}{% endfor %}{{ ns.x }}`;
const nested = (open: string, middle: string, close: string) => open.repeat(100_000) + middle + close.repeat(100_000);

/** Templates that would take all time, all memory or all of the stack. */
const EVIL: Readonly<Record<string, string>> = {
  'a range of a milliard': '{% for i in range(1000000000) %}{% endfor %}',
  'loops within loops': '{% for i in range(90000) %}{% for j in range(90000) %}{{ i }}{% endfor %}{% endfor %}',
  'a string that doubles': loop('{% set ns.x = ns.x ~ ns.x %}'),
  'a string that doubles and is read': loop('{% set ns.x = ns.x + ns.x %}{{ ns.x | length }}'),
  'a list that doubles': loop('{% set ns.x = ns.x + ns.x %}', 'x=[1]'),
  'a list within a list': loop('{% set ns.x = [ns.x] %}', 'x=[1]'),
  'a list twice within a list': loop('{% set ns.x = [ns.x, ns.x] %}', 'x=[1]'),
  'a tuple within a tuple as a key': `${loop('{% set ns.x = (ns.x,) %}', 'x=(1,)')}{{ {ns.x: 1} }}`,
  'a namespace within itself': '{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}',
  'generators over generators': `${loop("{% set ns.x = ns.x | map('string') %}", 'x=[1]')}{{ ns.x | list }}`,
  'a string times a milliard': "{{ 'a' * 1000000000 }}",
  'a list times a milliard': '{{ [1] * 1000000000 }}',
  'a power': '{{ 2 ** 1000000000 }}',
  'an int that is squared': loop('{% set ns.x = ns.x * ns.x %}', 'x=3'),
  'a macro without end': '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  'a macro that calls itself twice':
    '{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(50) }}',
  'a loop that calls itself': '{% for x in [[1]] recursive %}{{ loop([x]) }}{% endfor %}',
  'a width in center': "{{ 'a' | center(1000000000) }}",
  'a width in %': "{{ '%1000000000d' % 1 }}",
  'a precision in %': "{{ '%.1000000000f' % 1.5 }}",
  'a width in format': "{{ '{:>1000000000}'.format(1) }}",
  'an indentation': "{{ 'a\\nb' | indent(1000000000) }}",
  'an indentation of JSON': '{{ {"a": 1} | tojson(indent=1000000000) }}',
  'a long replacement': "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
  'a long split': "{{ ('a' * 5000000).split('a') | length }}",
  'a search without end': "{% set s = 'a' * 1000000 %}{% for i in range(90000) %}{% set x = 'b' in s %}{% endfor %}",
  'white space without end':
    "{% set s = ' ' * 1000000 %}{% for i in range(90000) %}{% set x = s.split() %}{% endfor %}",
  'a sort without end':
    '{% set l = range(90000) | list %}{% for i in range(90000) %}{% set x = l | sort %}{% endfor %}',
  'parentheses in parentheses': `{{ ${nested('(', '1', ')')} }}`,
  'lists in lists': `{{ ${nested('[', '1', ']')} }}`,
  'a sum of many': `{{ ${'1+'.repeat(100_000)}1 }}`,
  'a chain of attributes': `{{ x${'.a'.repeat(100_000)} }}`,
  'a chain of filters': `{{ x${'|string'.repeat(100_000)} }}`,
  negations: `{{ ${'not '.repeat(100_000)}1 }}`,
  'ifs in ifs': nested('{% if 1 %}', '', '{% endif %}'),
  'many braces': '{'.repeat(900_000),
  'a source of two megabytes': ' '.repeat(2 * 1024 * 1024),
};

describe('a template from a stranger', function () {
  this.timeout(300_000);
  const messages = [{ role: 'user', content: 'hi 😀' }];

  for (const [name, template] of Object.entries(EVIL)) {
    it(`ends with TEMPLATE_ERROR, the same each time: ${name}`, () => {
      const problems = [1, 2].map(() => {
        try {
          renderChat(sampleTokenizer(), template, messages);
        } catch (error) {
          assert.ok(isToolkitError(error), String(error));
          assert.equal(error.code, 'TEMPLATE_ERROR');
          return error.message;
        }
        return assert.fail('it rendered');
      });
      assert.equal(problems[0], problems[1]);
    });
  }

  it('may do more the longer the conversation is: 5,000 messages of 2 kB and 100 tools render', () => {
    const { chat_template: template } = readJson<{ chat_template: string }>(llamaFile('tokenizer_config.json'));
    const long = Array.from(
      { length: 5000 },
      (_, i): ChatMessage => ({
        role: i % 2 === 0 ? 'user' : 'assistant',
        content: `${i} ${'lorem ipsum '.repeat(165)}`,
      }),
    );
    const tools = Array.from({ length: 100 }, (_, i) => ({
      type: 'function',
      function: { name: `f${i}`, description: 'd'.repeat(500), parameters: { type: 'object', properties: {} } },
    }));
    const text = renderChat(llamaTokenizer(), template, long, { tools, dateString: '26 Jul 2024' });
    assert.ok(text.length > 9_000_000);
    assert.equal(encodeChat(llamaTokenizer(), template, long.slice(0, 2), { dateString: '1' })[0], 128000);
  });
});
