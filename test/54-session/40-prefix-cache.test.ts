// Conversations that share a prefix cache: the same answers, and no beginning computed twice.

import assert from 'node:assert/strict';
import { type ChatEvent, createChat, createEngine, createPrefixCache, type Model, openModel } from '@llama-ts/runtime';
import { modelFile } from '../50-runtime/support.js';

const system = 'You tell stories to children, slowly, and in short words.';

describe('conversations with one prefix cache', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { context: 512, threads: 1 });
  });
  after(() => model.close());

  async function read(events: AsyncIterable<ChatEvent>) {
    const ids: number[] = [];
    let nCached = 0;
    let nPrompt = 0;
    for await (const event of events) {
      if (event.type === 'token') ids.push(event.id);
      if (event.type === 'prompt-end') ({ nCached, nTokens: nPrompt } = event);
    }
    return { ids, nCached, nPrompt };
  }
  const options = { system, temperature: 1, maxTokens: 12 };

  it('compute their system prompt once', async () => {
    const prefixCache = createPrefixCache(model);
    const first = createChat(model, { ...options, prefixCache });
    assert.equal((await read(first.send('A story about a fox.'))).nCached, 0);
    const { nCached, nPrompt, ids } = await read(createChat(model, { ...options, prefixCache }).send('And a cow?'));
    assert.ok(nCached > 20 && nCached < nPrompt, `${nCached} of ${nPrompt}`);
    assert.deepEqual(ids, (await read(createChat(model, options).send('And a cow?'))).ids);
  });

  it('go back to a former branch without computing it again, and answer as if they had never left', async () => {
    const prefixCache = createPrefixCache(model);
    const chat = createChat(model, { ...options, prefixCache });
    await read(chat.send('A story about a fox.'));
    await read(chat.send('Go on.'));
    const branch = chat.messages;
    chat.setMessages([...branch.slice(0, 1), { role: 'user', content: 'Something else, please.' }]);
    await read(chat.answer());
    chat.setMessages([...branch, { role: 'user', content: 'And then?' }]);
    const { nCached, nPrompt, ids } = await read(chat.answer({ seed: 7 }));
    assert.ok(nCached > nPrompt - 20, `${nCached} of ${nPrompt}`);
    const alone = createChat(model, { ...options, session: { ...chat.session, tokens: [], nAnswers: 3 } });
    alone.setMessages([...branch, { role: 'user', content: 'And then?' }]);
    assert.deepEqual((await read(alone.answer({ seed: 7 }))).ids, ids);
  });

  it('may share that of an engine, in both directions', async () => {
    const engine = createEngine(model);
    const { prefixCache } = engine;
    const chat = createChat(model, { ...options, prefixCache });
    await read(chat.send('A story about a fox.'));
    const { tokens } = chat.session;
    let nCached = 0;
    for await (const event of engine.submit([...tokens, 5, 6], { maxTokens: 1 })) {
      if (event.type === 'prompt-end') nCached = event.nCached;
    }
    assert.equal(nCached, tokens.length);
    await engine.close();
  });

  it('refuse that of another model', async () => {
    const other = await openModel(await modelFile('sample', 2), { context: 512, threads: 1 });
    const prefixCache = createPrefixCache(other);
    assert.throws(() => createChat(model, { prefixCache }), { code: 'INVALID_OPTION', message: /another model/ });
    assert.throws(() => createChat(model, { prefixCache: {} as never }), { code: 'INVALID_OPTION' });
    await other.close();
  });
});
