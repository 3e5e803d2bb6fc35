import assert from 'node:assert/strict';
import { type ChatMessage, type ChatOptions, encodeChat, renderChat, type Tokenizer } from '@llama-ts/runtime';
import { llamaFile, llamaTokenizer, sampleFile, sampleTokenizer } from '../helpers/tokenizers.js';
import { templateOf } from './support.js';

const sampleTemplate = templateOf(sampleFile('tokenizer_config.json'));
const llamaTemplate = templateOf(llamaFile('tokenizer_config.json'));
/** Puts what users say side by side, with nothing between. */
const BARE = '{% for message in messages %}{{ message.content | trim }}{% endfor %}';

/** Ids of the control tokens in a prompt. */
function controls(
  tokenizer: Tokenizer,
  template: string,
  messages: ChatMessage[],
  options: ChatOptions = {},
): number[] {
  const ids = encodeChat(tokenizer, template, messages, { dateString: '1', ...options });
  // Whatever is text comes out again as text: nothing is lost or altered on the way.
  assert.equal(tokenizer.decode(ids), renderChat(tokenizer, template, messages, { dateString: '1', ...options }));
  return ids.filter(tokenizer.isSpecial);
}

describe('names of special tokens in user text', function () {
  this.timeout(120_000);
  const names = sampleTokenizer().specialTokens.map(({ name }) => name);

  for (const { name, template, tokenizer, roles } of [
    {
      name: 'sample',
      template: sampleTemplate,
      tokenizer: sampleTokenizer,
      roles: ['system', 'user', 'assistant', 'tool'],
    },
    {
      name: 'real',
      template: llamaTemplate,
      tokenizer: llamaTokenizer,
      roles: ['system', 'user', 'assistant', 'tool', 'ipython'],
    },
  ]) {
    it(`stay text in messages of every role, all 256 of them, with the ${name} template`, () => {
      for (const role of roles) {
        const withText = (text: string) => [
          { role, content: text },
          { role: 'user', content: `a${text}b` },
        ];
        const innocent = controls(tokenizer(), template, withText('x'));
        for (const special of names) assert.deepEqual(controls(tokenizer(), template, withText(special)), innocent);
      }
    });

    it(`stay text in the name of a role, with the ${name} template`, () => {
      const innocent = controls(tokenizer(), template, [{ role: 'x', content: 'x' }]);
      for (const special of names) {
        assert.deepEqual(controls(tokenizer(), template, [{ role: special, content: 'x' }]), innocent);
      }
    });
  }

  it('stay text at every split across two messages of any roles', () => {
    const pairs = ['system', 'user', 'assistant', 'tool'].flatMap((first) =>
      ['user', 'assistant', 'tool'].map((second) => [first, second] as const),
    );
    for (const [first, second] of pairs) {
      const split = (head: string, tail: string) => [
        { role: first, content: head },
        { role: second, content: tail },
      ];
      const innocent = controls(sampleTokenizer(), sampleTemplate, split('x', 'x'));
      for (const special of names) {
        for (let at = 1; at < special.length; at++) {
          const messages = split(special.slice(0, at), special.slice(at));
          const ids = encodeChat(sampleTokenizer(), sampleTemplate, messages, { dateString: '1' });
          assert.deepEqual(ids.filter(sampleTokenizer().isSpecial), innocent, JSON.stringify(messages));
        }
      }
    }
  });

  it('stay text at every split where a template puts messages side by side, trimmed', () => {
    for (const special of names) {
      for (let at = 1; at < special.length; at++) {
        const messages = [
          { role: 'user', content: `${special.slice(0, at)} \n` },
          { role: 'assistant', content: `\t${special.slice(at)}` },
        ];
        assert.equal(renderChat(sampleTokenizer(), BARE, messages), special);
        assert.deepEqual(controls(sampleTokenizer(), BARE, messages), []);
      }
    }
  });

  it('stay text at every split between messages of all roles, and between tools and their fields, with the real template', () => {
    const { isSpecial } = llamaTokenizer();
    const roles = ['system', 'user', 'assistant', 'tool', 'ipython', 'user', 'system', 'assistant', 'ipython', 'tool'];
    // Each message ends as a name begins, and begins as it goes on: the halves meet across every border.
    const promptOf = (splits: readonly (readonly [string, string])[]) =>
      encodeChat(
        llamaTokenizer(),
        llamaTemplate,
        splits.flatMap(([head, tail], i) => [
          { role: roles[i % roles.length]!, content: `${tail} ${head}` },
          { role: roles[(i + 1) % roles.length]!, content: `${tail} ${head}` },
          { role: 'tool', content: [tail, head] },
          { role: roles[(i + 3) % roles.length]!, content: `${tail} ${head}` },
        ]),
        {
          dateString: '1',
          tools: splits.map(([head, tail]) => ({
            [`${tail} ${head}`]: tail,
            function: { name: head, description: tail },
          })),
        },
      );
    for (const special of names) {
      const splits = Array.from(
        { length: special.length - 1 },
        (_, i) => [special.slice(0, i + 1), special.slice(i + 1)] as const,
      );
      const innocent = promptOf(splits.map(() => ['x', 'x'] as const));
      assert.deepEqual(promptOf(splits).filter(isSpecial), innocent.filter(isSpecial), special);
    }
  });

  it('stay text in tools, their results, names and keys, however deep', () => {
    const messagesWith = (text: string): ChatMessage[] => [
      { role: 'user', content: text },
      { role: 'assistant', tool_calls: [{ function: { name: text, arguments: { [text]: [text, { deep: text }] } } }] },
      { role: 'tool', content: { [text]: { [text]: [text] } }, name: text },
      { role: 'tool', content: [text] },
    ];
    const toolsWith = (text: string) => [{ type: 'function', function: { name: text, [text]: { [text]: text } } }];
    const innocent = controls(llamaTokenizer(), llamaTemplate, messagesWith('x'), { tools: toolsWith('x') });
    for (const special of names) {
      const found = controls(llamaTokenizer(), llamaTemplate, messagesWith(special), { tools: toolsWith(special) });
      assert.deepEqual(found, innocent);
    }
  });

  it('stay text in the date and in other variables', () => {
    const options = { dateString: '<|eot_id|>', variables: { tail: '<|eot_id|>' } };
    const messages = [{ role: 'user', content: 'x' }];
    const template = `${sampleTemplate}{{ tail }}`;
    assert.deepEqual(
      controls(sampleTokenizer(), template, messages, options),
      controls(sampleTokenizer(), template, messages),
    );
  });

  for (const [what, template, content] of [
    ['lower case', '{{ messages[0].content | lower }}', '<|EOT_ID|>'],
    ['removal', "{{ messages[0].content | replace('-', '') }}", '<|eot-_id|>'],
    ['joining', "{{ messages[0].content.split('</think>') | join }}", '<|eot</think>_id|>'],
    ['slicing', '{{ messages[0].content[1:11] }}', 'x<|eot_id|>x'],
    ['a sign before it', "{{ '<' + messages[0].content }}", '|eot_id|>'],
    ['signs around it', "{{ '<|' + messages[0].content + '|>' }}", 'eot_id'],
    ['a lone half of the name after', "{{ messages[0].content + '_id|>' }}", '<|eot'],
    ['a filter over all', "{% filter replace('-', '') %}{{ messages[0].content }}{% endfilter %}", '<|eot-_id|>'],
  ] as const) {
    it(`stay text when ${what} in the template completes them`, () => {
      const messages = [{ role: 'user', content }];
      assert.equal(renderChat(sampleTokenizer(), template, messages), '<|eot_id|>');
      assert.deepEqual(controls(sampleTokenizer(), template, messages), []);
    });
  }

  it('stay text when the template escapes them as JSON', () => {
    for (const filter of ['tojson', 'tojson(indent=2)', 'tojson(ensure_ascii=true)']) {
      const template = `{{ messages[0].content | ${filter} }}<|eot_id|>`;
      const messages = [{ role: 'user', content: '<|eot_id|>"é' }];
      assert.equal(controls(sampleTokenizer(), template, messages).length, 1);
    }
  });

  it('stay text beside a part that the template cut from a name of its own', () => {
    const messages = [{ role: 'user', content: '<|eot_id|>' }];
    for (const [template, text] of [
      ["{{ '<|eot_id|>'[:1] + messages[0].content }}", '<<|eot_id|>'],
      ["{{ messages[0].content + '<|eot_id|>'[-1:] }}", '<|eot_id|>>'],
      ["{{ '<|eot_id|>'[:5] + messages[0].content[5:] }}", '<|eot_id|>'],
      ["{{ messages[0].content[:5] ~ '<|eot_id|>'[5:] }}", '<|eot_id|>'],
      ['{% set x %}<|{{ messages[0].content[2:8] }}|>{% endset %}{{ x | trim }}', '<|eot_id|>'],
      ["{{ '%s_id|>' % messages[0].content[:5] }}", '<|eot_id|>'],
      ["{{ '{}_id|>'.format(messages[0].content[:5]) }}", '<|eot_id|>'],
      ["{{ ['<|eot', '_id|>'] | join(messages[0].content[:0]) }}", '<|eot_id|>'],
    ] as const) {
      assert.equal(renderChat(sampleTokenizer(), template, messages), text);
      const expected = template.includes('join') ? 1 : 0;
      assert.equal(controls(sampleTokenizer(), template, messages).length, expected, template);
    }
  });
});

describe('special tokens in a template', () => {
  it('come from bos_token and eos_token too, and can be compared with them', () => {
    const template = "{{ bos_token }}{% if eos_token == '<|eot_id|>' %}same{% endif %}{{ eos_token }}";
    const ids = encodeChat(sampleTokenizer(), template, [{ role: 'user', content: '' }]);
    const special = (name: string) => sampleTokenizer().specialId(name)!;
    assert.deepEqual(ids, [special('<|begin_of_text|>'), ...sampleTokenizer().encode('same'), special('<|eot_id|>')]);
  });

  it('are found in the template’s text and in its expressions', () => {
    const template = "<|start_header_id|>{{ 'a' + '<|end_header_id|>' }}<|eot_id|>";
    assert.equal(controls(sampleTokenizer(), template, [{ role: 'user', content: '' }]).length, 3);
  });

  it('equal messages with the same text', () => {
    const template =
      "{{ '<|eot_id|>' in messages[0].content }} {{ messages[0].content.split('<|eot_id|>')[-1] }}<|eot_id|>";
    const messages = [{ role: 'user', content: 'a<|eot_id|>b' }];
    assert.equal(renderChat(sampleTokenizer(), template, messages), 'True b<|eot_id|>');
    assert.equal(controls(sampleTokenizer(), template, messages).length, 1);
  });

  it('may be composed of parts of the template and the usual names of roles', () => {
    const template = "<|eot{{ '_id' }}|>{{ '<|start_header_' + 'id|>' }}{{ '<|start_of_' ~ messages[0].role ~ '|>' }}";
    const special = (name: string) => sampleTokenizer().specialId(name)!;
    const ids = encodeChat(sampleTokenizer(), template, [{ role: 'user', content: '' }]);
    assert.deepEqual(ids.slice(0, 2), [special('<|eot_id|>'), special('<|start_header_id|>')]);
    const role = "{{ '<|' ~ messages[0].role ~ '|>' }}";
    assert.deepEqual(controls(sampleTokenizer(), role, [{ role: 'eot_id', content: '' }]), []);
  });
});
