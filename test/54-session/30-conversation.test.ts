import assert from 'node:assert/strict';
import { type ChatMessage, createChat, encodeChat, generate, type Model, openModel } from '@llama-ts/runtime';
import { modelFile } from '../50-runtime/support.js';
import { said } from './support.js';

const STORY = 'Tell me a story about a fox.';

describe('the random numbers of a conversation', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { context: 512 });
  });
  after(() => model.close());
  const options = { seed: 5, temperature: 1, topP: 1, maxTokens: 10 };

  it('differ from answer to answer, and are the same for the same seed', async () => {
    const talk = async (seed: number) => {
      const chat = createChat(model, { ...options, seed });
      const first = await said(chat.send(STORY));
      chat.setMessages([]);
      return [first.ids, (await said(chat.send(STORY))).ids];
    };
    const [first, second] = await talk(5);
    assert.notDeepEqual(first, second);
    assert.deepEqual(await talk(5), [first, second]);
    assert.notDeepEqual(await talk(6), [first, second]);
  });

  it('are those of generate in the first answer', async () => {
    const messages = [{ role: 'user', content: STORY }];
    const prompt = encodeChat(model.tokenizer!, model.chatTemplate!, messages);
    const alone = await said(generate(model, prompt, options));
    assert.deepEqual((await said(createChat(model, options).send(STORY))).ids, alone.ids);
  });

  it('start again when the conversation is reset', async () => {
    const chat = createChat(model, { ...options, system: 'Be brief.' });
    const first = await said(chat.send(STORY));
    chat.reset();
    assert.deepEqual(chat.messages, [{ role: 'system', content: 'Be brief.' }]);
    assert.deepEqual((await said(chat.send(STORY))).ids, first.ids);
  });

  it('can be set by a seed for one turn, and an invalid seed is refused', async () => {
    const chat = createChat(model, options);
    await assert.rejects(said(chat.send(STORY, { seed: 1.5 })), { code: 'INVALID_OPTION' });
    assert.throws(() => createChat(model, { seed: 0 }), { code: 'INVALID_OPTION' });
    await said(chat.send(STORY, { seed: 9 }));
    assert.equal(chat.session.seed, 9n);
  });
});

describe('a conversation', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { context: 512 });
  });
  after(() => model.close());

  it('answers again after its last answer was removed, and computes only what differs', async () => {
    const chat = createChat(model, { temperature: 0, maxTokens: 10 });
    const first = await said(chat.send(STORY));
    chat.setMessages(chat.messages.slice(0, -1));
    const again = await said(chat.answer());
    assert.deepEqual(again.ids, first.ids);
    assert.equal(again.nCached, again.nPrompt - 1);
    assert.equal(chat.messages.length, 2);
  });

  it('gives the same answer from reused positions as from new ones', async () => {
    const options = { temperature: 0, maxTokens: 10 };
    const chat = createChat(model, options);
    await said(chat.send(STORY));
    const continued = await said(chat.send('Where did it live?'));
    const anew = createChat(model, options);
    anew.setMessages(chat.messages.slice(0, 3));
    const fresh = await said(anew.answer());
    assert.deepEqual(continued.ids, fresh.ids);
    assert.equal(fresh.nCached, 0);
    assert.ok(continued.nCached > 0);
  });

  it('refuses messages that are not plain data, and any message while it answers', async () => {
    const chat = createChat(model, { temperature: 0, maxTokens: 4 });
    assert.throws(() => chat.setMessages([{ role: 'user', content: () => 1 }]), { code: 'BAD_CHAT_INPUT' });
    const events = chat.send(STORY);
    await events.next();
    for (const use of [() => chat.setMessages([]), () => chat.reset(), () => chat.session]) {
      assert.throws(use, { code: 'INVALID_OPTION' });
    }
    await events.return();
    chat.setMessages([]);
  });

  it('counts the tokens of its messages', async () => {
    const chat = createChat(model, { temperature: 0, maxTokens: 4 });
    const empty = chat.countTokens();
    const { nPrompt } = await said(chat.send(STORY));
    assert.ok(chat.countTokens() > nPrompt - 8 && empty < nPrompt);
  });
});

describe('a conversation that fills the context', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { context: 512 });
  });
  after(() => model.close());
  const system = 'Be brief.';
  const question = (i: number) => `Tell me story number ${i} about a fox and a bear.`;
  const answers = (n: number): ChatMessage[] =>
    Array.from({ length: n }, (_, i): ChatMessage[] => [
      { role: 'user', content: question(i) },
      { role: 'assistant', content: `It was day ${i}. The fox met the bear, and they were happy.` },
    ]).flat();

  /** A chat of four turns, with a fifth to come, and what the fifth's prompt takes. */
  function longChat(whenFull?: 'stop' | 'shift', contextLength?: number) {
    const chat = createChat(model, { system, temperature: 0, maxTokens: 8, whenFull, contextLength });
    chat.setMessages([{ role: 'system', content: system }, ...answers(4)]);
    const nTokens = encodeChat(model.tokenizer!, model.chatTemplate!, [
      ...chat.messages,
      { role: 'user', content: question(5) },
    ]).length;
    return { chat, nTokens };
  }

  it('is refused by an error with both numbers, and stays as it was', async () => {
    const { nTokens } = longChat();
    for (const whenFull of [undefined, 'stop'] as const) {
      const { chat } = longChat(whenFull, nTokens - 3);
      const before = chat.messages;
      await assert.rejects(said(chat.send(question(5))), {
        code: 'CONTEXT_EXCEEDED',
        message: new RegExp(`takes ${nTokens} tokens, expected at most ${nTokens - 3}: 3 too many`),
      });
      assert.equal(chat.messages, before);
    }
  });

  it('drops whole oldest turns when it may shift, keeps the system prompt, reports it, and answers as if they had never been', async () => {
    const { nTokens } = longChat();
    const contextLength = nTokens - 3;
    const { chat } = longChat('shift', contextLength);
    const { dropped, ids, nPrompt } = await said(chat.send(question(5)));
    assert.equal(dropped.length, 1);
    const { nTurns, nMessages, ...rest } = dropped[0]!;
    assert.ok(nTurns >= 1 && nTurns < 5);
    assert.equal(nMessages, 2 * nTurns);
    assert.deepEqual(rest, { type: 'turns-dropped', nTokensBefore: nTokens, nTokens: nPrompt, contextLength });
    assert.deepEqual(chat.messages.slice(0, -1), [
      { role: 'system', content: system },
      ...answers(4).slice(nMessages),
      { role: 'user', content: question(5) },
    ]);
    const fresh = createChat(model, { temperature: 0, maxTokens: 8 });
    fresh.setMessages(chat.messages.slice(0, -1));
    assert.deepEqual((await said(fresh.answer())).ids, ids);
    assert.deepEqual((await said(chat.send('Go on.'))).dropped, [], 'the next turn has room');
  });

  it('shifts before an answer would have too few positions', async () => {
    const { nTokens } = longChat();
    const exactly = longChat('shift', nTokens + 8);
    assert.deepEqual((await said(exactly.chat.send(question(5)))).dropped, []);
    const oneLess = longChat('shift', nTokens + 7);
    assert.equal((await said(oneLess.chat.send(question(5)))).dropped.length, 1);
  });

  it('is refused when even the last turn does not fit', async () => {
    const { chat } = longChat('shift', 40);
    await assert.rejects(said(chat.send(question(5))), {
      code: 'CONTEXT_EXCEEDED',
      message: /system prompt and the last turn alone take \d+ tokens, expected at most 40/,
    });
  });

  it('refuses an unknown policy for a full context', async () => {
    assert.throws(() => longChat('forget' as 'stop'), {
      code: 'INVALID_OPTION',
      message: /"forget", expected stop or shift/,
    });
    const { chat } = longChat('stop');
    await assert.rejects(said(chat.send('x', { whenFull: 'forget' as 'stop' })), { code: 'INVALID_OPTION' });
  });
});
