import assert from 'node:assert/strict';
import { createChat, type Model, openModel } from '@llama-ts/runtime';
import { modelFile } from './support.js';

/** The model, but saying just these tokens and then an end token, again and again. */
function saying(model: Model, ids: readonly number[]): Model {
  const script = [...ids, model.settings.eosIds[0]!];
  let nSaid = 0;
  return {
    ...model,
    async forward() {
      const logits = new Float32Array(model.header.dimensions.vocabSize);
      logits[script[nSaid++ % script.length]!] = 1;
      return logits;
    },
  };
}

describe('chat', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 2));
  });
  after(() => model.close());

  it('goes on after an answer that contains a Unicode noncharacter', async () => {
    const mute = saying(model, model.tokenizer!.encode('a\ufdd0b'));
    const chat = createChat(mute, { temperature: 0 });
    for (let turn = 0; turn < 2; turn++) for await (const _ of chat.send('Hello'));
    assert.deepEqual(
      chat.messages.map(({ content }) => content),
      ['Hello', 'a\ufdd0b', 'Hello', 'a\ufdd0b'],
    );
  });

  it('refuses a message while it answers, and accepts one afterwards', async () => {
    const chat = createChat(saying(model, [64, 65]), { temperature: 0 });
    const first = chat.send('One');
    await first.next();
    await assert.rejects(chat.send('Two').next(), { code: 'INVALID_OPTION' });
    for await (const _ of first);
    for await (const _ of chat.send('Three'));
    assert.equal(chat.messages.length, 4);
  });

  it('keeps the part of an interrupted answer that was generated', async () => {
    const chat = createChat(saying(model, [64, 65, 66]), { temperature: 0 });
    for await (const event of chat.send('One')) if (event.type === 'token' && event.id === 65) break;
    assert.equal(chat.messages[1]?.content, model.tokenizer!.decode([64, 65]));
  });
});
