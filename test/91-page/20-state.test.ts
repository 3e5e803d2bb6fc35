// What the page keeps and shows, without a browser: branches, files of conversations, settings, answers as they come.

import { strict as assert } from 'node:assert';
import type { AnswerEvent } from '../../packages/web/src/page/answerer/answerer.js';
import { readEvents } from '../../packages/web/src/page/answerer/read-events.js';
import { toAnswerRequest, toBody } from '../../packages/web/src/page/answerer/to-request.js';
import {
  newAnswer,
  newConversation,
  newToolMessage,
  newUserMessage,
  titleOf,
} from '../../packages/web/src/page/conversation/conversation.js';
import { createDraft } from '../../packages/web/src/page/conversation/draft.js';
import type { Message } from '../../packages/web/src/page/conversation/message.js';
import { defaultSettings, problemsOf } from '../../packages/web/src/page/conversation/settings.js';
import { readTransfer, writeTransfer } from '../../packages/web/src/page/conversation/transfer.js';
import { branchesOf, chosenWith, shownPath } from '../../packages/web/src/page/conversation/tree.js';
import { percent, shownToken } from '../../packages/web/src/page/parts/token-text.js';

/** A conversation whose first message was edited, and whose second answer was asked for again. */
function branched() {
  const messages = new Map<string, Message>();
  const add = <M extends Message>(message: M): M => {
    messages.set(message.id, message);
    return message;
  };
  const first = add(newUserMessage(messages, null, 'first'));
  const answer = add({ ...newAnswer(messages, first.id), content: 'answer', state: 'done' as const });
  const other = add({ ...newAnswer(messages, first.id), content: 'other answer', state: 'done' as const });
  const after = add(newUserMessage(messages, answer.id, 'after'));
  const edited = add(newUserMessage(messages, null, 'edited'));
  return { messages, first, answer, other, after, edited };
}

describe('the branches of a conversation', () => {
  const contents = (path: readonly Message[]): string[] => path.map(({ content }) => content);

  it('show the newest messages until another one is chosen, and after it what was shown when it was left', () => {
    const { messages, first, answer, after, edited, other } = branched();
    assert.deepEqual(contents(shownPath(messages, {})), ['edited']);
    let chosen = chosenWith(messages, {}, after.id);
    assert.deepEqual(contents(shownPath(messages, chosen)), ['first', 'answer', 'after']);
    chosen = chosenWith(messages, chosen, other.id);
    assert.deepEqual(contents(shownPath(messages, chosen)), ['first', 'other answer']);
    chosen = chosenWith(messages, chosen, edited.id);
    assert.deepEqual(contents(shownPath(messages, chosen)), ['edited']);
    chosen = chosenWith(messages, chosen, first.id);
    assert.deepEqual(contents(shownPath(messages, chosen)), ['first', 'other answer']);
    assert.deepEqual(contents(branchesOf(messages, answer)), ['answer', 'other answer']);
  });
});

describe('a file of conversations', () => {
  const { messages, first } = branched();
  const token = { text: ' a', logprob: -0.5, bytes: [32, 97], top: [{ text: ' a', logprob: -0.5, bytes: null }] };
  const facts = {
    ...{
      model: 'm',
      seed: '18446744073709551615',
      fingerprint: 'fp',
      modelSha256: 'a1',
      digest: 'b2',
      finishReason: 'stop',
      promptTokens: 1,
    },
    ...{ cachedTokens: 0, answerTokens: 2, contextLength: 3, tokensPerSecond: 1.5, firstTokenMs: null },
  };
  const whole = {
    ...newConversation({ ...defaultSettings, system: 'Be kind.', numbers: { temperature: 0 } }),
    title: 'cows',
    chosen: chosenWith(messages, {}, first.id),
    messages: [
      ...messages.values(),
      { ...newAnswer(messages, first.id), id: 'x', state: 'done' as const, tokens: [token], facts },
    ],
  };
  const file = writeTransfer([whole]);

  it('gives them back as they were', () => {
    assert.deepEqual(readTransfer(file), [whole]);
  });

  it('has no answer that is still coming', () => {
    const coming = { ...whole, messages: [newAnswer(new Map(), null)] };
    const [read] = readTransfer(writeTransfer([coming]));
    assert.equal((read!.messages[0] as { state: string }).state, 'interrupted');
  });

  it('is refused with the place of what is wrong, whatever was done to it', () => {
    const damage = (path: readonly (string | number)[], value: unknown): string => {
      const copy = JSON.parse(file);
      let at = copy;
      for (const name of path.slice(0, -1)) at = at[name];
      at[path.at(-1)!] = value;
      return JSON.stringify(copy);
    };
    for (const [text, message] of [
      ['{', /no JSON/],
      ['[]', /the file: expected an object/],
      ['{}', /no export/],
      [damage(['version'], 2), /version 2, expected 1/],
      [damage(['conversations'], 'x'), /conversations: expected a list/],
      [damage(['conversations', 0, 'title'], null), /conversations\[0\]\.title: expected a text/],
      [damage(['conversations', 0, 'messages', 0, 'role'], 'system'), /messages\[0\]\.role/],
      [damage(['conversations', 0, 'messages', 1, 'parent'], 'nobody'), /messages\[1\]\.parent: expected a message/],
      [damage(['conversations', 0, 'messages', 0, 'parent'], first.id), /messages\[0\]\.parent: expected a message/],
      [damage(['conversations', 0, 'messages', 1, 'id'], first.id), /ids that differ/],
      [
        damage(['conversations', 0, 'messages', 5, 'tokens', 0, 'bytes'], [null]),
        /tokens\[0\]\.bytes: expected a number/,
      ],
      [damage(['conversations', 0, 'settings', 'numbers', 'temperature'], '1'), /temperature: expected a number/],
    ] as const) {
      assert.throws(() => readTransfer(text), message);
    }
  });
});

describe('the settings of a conversation', () => {
  const problems = (changes: object): string[] => Object.keys(problemsOf({ ...defaultSettings, ...changes }));

  it('are good when they are empty, and when they are in their ranges', () => {
    assert.deepEqual(problems({}), []);
    assert.deepEqual(problems({ numbers: { temperature: 0, top_p: 1 }, seed: '18446744073709551615' }), []);
    assert.deepEqual(problems({ schema: '{"type": "object"}' }), []);
    assert.deepEqual(problems({ tools: '[{"type": "function", "function": {"name": "f"}}]' }), []);
  });

  it('name the field that is wrong', () => {
    assert.deepEqual(problems({ numbers: { temperature: -1, top_p: 2, top_k: Number.NaN } }), [
      'temperature',
      'top_p',
      'top_k',
    ]);
    for (const seed of ['-1', '1.5', 'x', '1'.repeat(21)]) assert.deepEqual(problems({ seed }), ['seed']);
    for (const schema of ['{', '[]', '1']) assert.deepEqual(problems({ schema }), ['schema']);
    for (const tools of ['[1', '{}', '[]', '[{}]']) assert.deepEqual(problems({ tools }), ['tools']);
  });

  it('become the fields of a request, and those that are empty are left out', () => {
    const body = (changes: object) =>
      toBody(toAnswerRequest([], { ...defaultSettings, hasProbabilities: false, ...changes }));
    const stream = { stream: true, stream_options: { include_usage: true }, digest: true };
    assert.deepEqual(body({}), { messages: [], ...stream });
    assert.deepEqual(body({ system: 'Be kind.', seed: '7', stop: 'a\n\nb', date: '26 Jul 2024' }), {
      messages: [{ role: 'system', content: 'Be kind.' }],
      ...stream,
      seed: 7,
      stop: ['a', 'b'],
      chat_template_kwargs: { date_string: '26 Jul 2024' },
    });
    assert.equal((body({ seed: '18446744073709551615' }) as { seed: unknown }).seed, '18446744073709551615');
    assert.deepEqual(body({ schema: '{}', numbers: { top_k: 3 } }), {
      messages: [],
      ...stream,
      top_k: 3,
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: {} } },
    });
    const tools = '[{"type": "function", "function": {"name": "f"}}]';
    assert.deepEqual(body({ tools, toolChoice: 'f' }), {
      messages: [],
      ...stream,
      tools: JSON.parse(tools),
      tool_choice: { type: 'function', function: { name: 'f' } },
    });
  });
});

describe('an answer as it comes', () => {
  it('collects text, calls and tokens, and says how fast they came from the first one on', () => {
    let now = 0;
    const draft = createDraft(newAnswer(new Map(), null), { contextLength: 2048, sha256: 'a1' }, () => now);
    const token = { text: 'a', logprob: 0, bytes: null, top: [] };
    const events: readonly (readonly [number, AnswerEvent])[] = [
      [10, { type: 'start', model: 'm', seed: '1', fingerprint: 'fp' }],
      [100, { type: 'tokens', tokens: [token] }],
      [100, { type: 'text', text: 'moo' }],
      [600, { type: 'tokens', tokens: [token] }],
      [600, { type: 'call', index: 0, id: 'c', name: 'f', arguments: '' }],
      [1100, { type: 'tokens', tokens: [token] }],
      [1100, { type: 'call', index: 0, id: '', name: '', arguments: '{}' }],
      [1200, { type: 'finish', reason: 'stop', digest: 'b2' }],
      [1200, { type: 'usage', promptTokens: 5, cachedTokens: 4, answerTokens: 3 }],
    ];
    for (const [time, event] of events) {
      now = time;
      draft.add(event);
    }
    const { content, toolCalls, tokens, facts, state } = draft.message('done');
    assert.deepEqual(
      [content, toolCalls, tokens.length, state],
      ['moo', [{ id: 'c', name: 'f', arguments: '{}' }], 3, 'done'],
    );
    assert.equal(facts!.tokensPerSecond, 2);
    assert.equal(facts!.firstTokenMs, 100);
    assert.deepEqual([facts!.modelSha256, facts!.digest], ['a1', 'b2']);
    assert.deepEqual([facts!.promptTokens, facts!.cachedTokens, facts!.answerTokens], [5, 4, 3]);
  });

  it('is read from a stream that is cut anywhere, characters and line ends included', async () => {
    const bytes = new TextEncoder().encode('data: {"a":"🐄"}\n\ndata: {"b":1}\n\ndata: [DONE]\n\n');
    for (let size = 1; size < bytes.length; size++) {
      const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.slice(i * size, (i + 1) * size),
      );
      const found: unknown[] = [];
      const events = readEvents(ReadableStream.from(parts) as ReadableStream<Uint8Array>);
      for (let next = await events.next(); ; next = await events.next()) {
        if (next.done) {
          assert.equal(next.value, true);
          break;
        }
        found.push(next.value);
      }
      assert.deepEqual(found, [{ a: '🐄' }, { b: 1 }]);
    }
    const cut = readEvents(ReadableStream.from([bytes.slice(0, 30)]) as ReadableStream<Uint8Array>);
    await cut.next();
    assert.deepEqual(await cut.next(), { done: true, value: false });
  });

  it('sends calls and their results back in the form of the API', () => {
    const call = { id: 'c', name: 'f', arguments: '{"a":1}' };
    const messages = new Map<string, Message>();
    const answer = { ...newAnswer(messages, null), toolCalls: [call] };
    const path = [answer, newToolMessage(messages, answer.id, call, '17')];
    assert.deepEqual(toAnswerRequest(path, defaultSettings).messages, [
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
      },
      { role: 'tool', content: '17', tool_call_id: 'c' },
    ]);
  });
});

describe('what the page writes', () => {
  it('shows white space at the edges of a token, and bytes that are a part of a character', () => {
    const shown = (text: string, bytes: number[] | null = null): string => shownToken({ text, bytes, logprob: 0 });
    assert.equal(shown(' cow'), '␣cow');
    assert.equal(shown('\n\n'), '↵↵');
    assert.equal(shown('  '), '␣␣');
    assert.equal(shown('a b'), 'a b');
    assert.equal(shown('', [0xf0, 0x9f]), '\\xf0\\x9f');
    assert.equal(shown('🐄', [...Buffer.from('🐄')]), '🐄');
  });

  it('gives probabilities more digits the nearer they are to 0 or 1', () => {
    assert.deepEqual([1, 0.9999, 0.5, 0.034, 0.00002, 0].map(percent), [
      '100 %',
      '99.99 %',
      '50 %',
      '3.4 %',
      '0.002 %',
      '0 %',
    ]);
  });

  it('names a conversation by the first words of its first message', () => {
    assert.equal(titleOf('  What\nsound? '), 'What sound?');
    assert.equal(titleOf(`${'word '.repeat(30)}`), `${'word '.repeat(12).trim()} …`);
    assert.equal(titleOf('a'.repeat(100)), `${'a'.repeat(60)} …`);
  });
});
