import assert from 'node:assert/strict';
import { isToolkitError } from '@llama-ts/base';
import { type ChatMessage, encodeChat, renderChat } from '@llama-ts/runtime';
import { llamaFile, llamaTokenizer, readJson, sampleTokenizer } from '../helpers/tokenizers.js';
import { FAMILY_TEMPLATES } from './templates.js';

const loop = (body: string, start = "x='ab'") =>
  `{% set ns = namespace(${start}) %}{% for i in range(90000) %}${body}{% endfor %}{{ ns.x }}`;
const rounds = (body: string, start = '') =>
  `${start}{% for i in range(90000) %}{% for j in range(90000) %}${body}{% endfor %}{% endfor %}`;
/** A tree of 2^n leaves. */
const tree = (n: number, leaf: string, operator: string): string =>
  n === 0 ? leaf : `(${tree(n - 1, leaf, operator)} ${operator} ${tree(n - 1, leaf, operator)})`;
const parameters = (n: number) => Array.from({ length: n }, (_, i) => `p${i}=1`).join(',');
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
  'a search for a long string of one letter': rounds(
    "{% set x = s.find(n) %}{% set x = n in s %}{% set x = s.rfind(m) %}{% set x = s.replace(n, '') %}",
    "{% set s = 'a' * 1000000 %}{% set n = 'aab' ~ 'a' * 997 %}{% set m = 'a' * 1000 ~ 'b' %}",
  ),
  'a split from the right': rounds("{% set x = s.rsplit('a', 1000000) %}", "{% set s = 'a' * 300000 %}"),
  'a tree of or': rounds(`{% if ${tree(13, '0', 'or')} %}{% endif %}`),
  'a tree of conditions': rounds(`{{ ${tree(11, '(1 if 0 else 0)', 'or')} }}`),
  'a variable that is far outside': `{% set g = 0 %}${'{% with %}'.repeat(150)}${rounds(`{% if ${tree(10, 'g', 'or')} %}{% endif %}`)}${'{% endwith %}'.repeat(150)}`,
  'statements that do nothing': rounds('{% with %}{% endwith %}'.repeat(20_000)),
  'outputs of nothing': rounds("{{ '' }}".repeat(20_000)),
  'a rounding to thousands of digits': rounds('{% set x = 5 | round(-6000) %}'),
  'zeros in groups': rounds("{% set x = '{:0100000,}'.format(1) %}"),
  'brackets of a format without an end': rounds('{{ s.format(1) }}', "{% set s = '{0' ~ 'a[' * 900000 ~ '}' %}"),
  'words that are counted': rounds('{% set x = s | wordcount %}', "{% set s = 'a ' * 20000 %}"),
  'a tuple twice within a tuple as an index': `${loop('{% if i < 60 %}{% set ns.x = (ns.x, ns.x) %}{% endif %}', 'x=(1,)').replace('90000', '60')}{{ {}[ns.x] }}{{ {ns.x: 1} }}`,
  'ints with one hash': `{% set l = [${Array.from({ length: 20_000 }, (_, i) => `0x${(i + 1).toString(16)}0000000000000000`).join(',')}] %}${rounds('{% set x = l | unique | list %}')}`,
  'digits that become an int': rounds('{% set x = s | int %}', "{% set s = '9' * 4300 %}"),
  'names that become attributes and parameters': `{% macro m(${parameters(60_000)}) %}{% endmacro %}`,
  'macros within macros that read many names': `${'{% macro m() %}'.repeat(170)}{{ [${parameters(50_000).replaceAll('=1', '')}] }}${'{% endmacro %}'.repeat(170)}${rounds('')}`,
  'a date of many fields': rounds('{% set x = strftime_now(s) %}', "{% set s = '%c' * 300 %}"),
  'text that is taken apart into names': rounds(
    `{% set ${parameters(900).replaceAll('=1', '')} = l %}`,
    '{% set l = [1] * 900 %}',
  ),
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

describe('rendering a chat template', function () {
  this.timeout(300_000);
  const messages = [{ role: 'user', content: 'hi 😀' }];

  for (const [name, template] of Object.entries(EVIL)) {
    it(`that asks for too much ends with the same TEMPLATE_ERROR each time: ${name}`, () => {
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

  it('has at most ten million steps and eighty million characters, however long the conversation is', () => {
    const long = [{ role: 'user', content: 'lorem ipsum '.repeat(10_000_000 / 12) }];
    const evil = [
      ['10000000 steps', rounds("{% set x = messages[0].content.find('zzz') %}")],
      ['80000000 characters', rounds("{% set x = '%05d %s' % (i, j) %}")],
      ['80000000 characters', rounds("{% set x = messages[0].content.replace('o', 'oo') %}")],
    ];
    for (const [bound, template] of evil) {
      assert.throws(() => renderChat(sampleTokenizer(), template!, long), {
        code: 'TEMPLATE_ERROR',
        message: new RegExp(` more than ${bound}, `),
      });
    }
  });

  for (const { family, source } of FAMILY_TEMPLATES) {
    it(`of the family ${family} is possible for 10,000 short messages, and for 2 MB in ten`, () => {
      const talk = (nMessages: number, length: number) =>
        Array.from({ length: nMessages }, (_, i) => ({
          role: i % 2 === 0 ? 'user' : 'assistant',
          content: 'lorem ipsum '.repeat(Math.ceil(length / 12)).slice(0, length),
        }));
      for (const messages of [talk(10_000, 10), talk(10, 200_000)]) {
        const text = renderChat(sampleTokenizer(), source, messages, { dateString: '26 Jul 2024' });
        assert.ok(text.length > 100_000);
      }
    });
  }

  it('has limits that grow with the conversation: 5,000 messages of 2 kB and 100 tools render', () => {
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
