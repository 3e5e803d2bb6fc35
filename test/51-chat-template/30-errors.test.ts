import assert from 'node:assert/strict';
import { isToolkitError } from '@llama-ts/base';
import { type ChatMessage, encodeChat, renderChat } from '@llama-ts/runtime';
import { sampleTokenizer } from '../helpers/tokenizers.js';

const ECHO = '{{ messages[0].content }}';
const hello: ChatMessage[] = [{ role: 'user', content: 'Hello' }];

function assertRefused(run: () => unknown, code: string, message: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(isToolkitError(error), String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.ok(error.suggestions.length > 0);
    return true;
  });
}

describe('encodeChat', () => {
  it('reads Unicode noncharacters as text', () => {
    for (const character of ['\ufdd0', '\ufdd1']) {
      const content = `ab${character}<|eot_id|>${character}`;
      const messages = [{ role: 'user', content }];
      assert.equal(renderChat(sampleTokenizer(), ECHO, messages), content);
      assert.deepEqual(encodeChat(sampleTokenizer(), ECHO, messages), sampleTokenizer().encode(content));
    }
  });

  it('refuses half of a surrogate pair and names its place', () => {
    const messages = [...hello, { role: 'user', content: 'a\ud83d' }];
    assertRefused(() => encodeChat(sampleTokenizer(), ECHO, messages), 'LONE_SURROGATE', /^messages\[1\]\.content/);
  });

  it('indexes characters, not UTF-16 units', () => {
    const template = '{{ messages[0].content[0] }}{{ messages[0].content[-1:] }}{{ messages[0].content | length }}';
    assert.equal(renderChat(sampleTokenizer(), template, [{ role: 'user', content: '🦙a🦊' }]), '🦙🦊3');
  });

  it('refuses messages that are not plain data', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const content of [() => 'x', Symbol('x'), 1n, Number.NaN, new Date(0), new Map(), [undefined], cycle]) {
      const messages = [{ role: 'user', content }];
      assertRefused(() => encodeChat(sampleTokenizer(), ECHO, messages), 'BAD_CHAT_INPUT', /^messages\[0\]\.content/);
    }
  });

  it('refuses a message without a role', () => {
    for (const message of [{}, { role: 1 }, null]) {
      const messages = [message] as unknown as ChatMessage[];
      assertRefused(() => encodeChat(sampleTokenizer(), ECHO, messages), 'BAD_CHAT_INPUT', /^messages\[0\]: role/);
    }
  });

  it('refuses a template that does not parse, in a second call too', () => {
    for (const template of ['{% if %}', '{{ messages', '{% for x %}{% endfor %}', "{{ 'a }}"]) {
      for (let times = 0; times < 2; times++) {
        assertRefused(() => encodeChat(sampleTokenizer(), template, hello), 'TEMPLATE_ERROR', /^chat template: ./);
      }
    }
  });

  it('refuses a template that fails on the messages', () => {
    assertRefused(() => encodeChat(sampleTokenizer(), '{{ nothing + 1 }}', hello), 'TEMPLATE_ERROR', /undefined/i);
    assertRefused(() => encodeChat(sampleTokenizer(), '{{ messages | nosuch }}', hello), 'TEMPLATE_ERROR', /nosuch/);
  });

  it('throws what a template raises', () => {
    const template = "{{ raise_exception('No <|eot_id|> for ' + messages[0].role) }}";
    assertRefused(
      () => encodeChat(sampleTokenizer(), template, hello),
      'TEMPLATE_ERROR',
      /: No <\|eot_id\|> for user$/,
    );
  });

  it('refuses a bosToken that is no special token', () => {
    const run = () => encodeChat(sampleTokenizer(), ECHO, hello, { bosToken: '<s>' });
    assertRefused(run, 'UNKNOWN_SPECIAL_TOKEN', /<s>/);
  });

  it('does not change the messages it is given', () => {
    const messages = [{ role: 'user', content: ' <|eot_id|> ', extra: undefined }];
    const before = structuredClone(messages);
    encodeChat(sampleTokenizer(), ECHO, messages);
    assert.deepEqual(messages, before);
  });
});
