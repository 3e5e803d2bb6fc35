import assert from 'node:assert/strict';
import { type GenerateEvent, type GenerateOptions, generate, type Model, openModel } from '@llama-ts/runtime';
import fc from 'fast-check';
import { modelFile } from '../50-runtime/support.js';

type EndEvent = Extract<GenerateEvent, { type: 'end' }>;
type TokenEvent = Extract<GenerateEvent, { type: 'token' }>;

async function answer(model: Model, options: GenerateOptions) {
  const tokens: TokenEvent[] = [];
  let text = '';
  let end: EndEvent | undefined;
  for await (const event of generate(model, 'Once upon a time', options)) {
    if (event.type === 'prompt-end') continue;
    text += event.text;
    if (event.type === 'token') tokens.push(event);
    else end = event;
  }
  return { tokens, ids: tokens.map(({ id }) => id), text, end: end! };
}

describe('an answer', function () {
  this.timeout(60_000);
  let model: Model;
  const greedy = { temperature: 0, maxTokens: 24 };
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { context: 64 });
  });
  after(() => model.close());

  it('ends before a stop string at any place, with the text before it and no more', async () => {
    const whole = (await answer(model, greedy)).text;
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 9 }), async (start, length) => {
        const stop = whole.slice(start, start + length);
        if (stop === '') return;
        const { text, end } = await answer(model, { ...greedy, stop: ['\u0000', stop] });
        assert.equal(text, whole.slice(0, whole.indexOf(stop)));
        assert.equal(end.reason, 'stop');
        assert.equal(end.stop, stop);
      }),
      { numRuns: 12 },
    );
  });

  it('ends with text that only looked like the beginning of a stop string', async () => {
    const whole = (await answer(model, greedy)).text;
    const { text, end } = await answer(model, { ...greedy, stop: [`${whole.slice(-3)}\u0000`] });
    assert.equal(text, whole);
    assert.equal(end.reason, 'length');
    assert.equal(end.stop, null);
    assert.equal(end.text, whole.slice(-3));
  });

  it('ends at a stop id, which is no part of it', async () => {
    const { ids } = await answer(model, greedy);
    const stopId = ids[5]!;
    const { ids: found, end } = await answer(model, { ...greedy, stopIds: [stopId] });
    assert.deepEqual(found, ids.slice(0, ids.indexOf(stopId)));
    assert.deepEqual([end.reason, end.stop, end.eosId], ['stop', stopId, null]);
  });

  it('does not end before its minimum number of tokens, by end token, stop id or stop string', async () => {
    const { ids, text } = await answer(model, greedy);
    const minTokens = 10;
    const early = { ...greedy, minTokens, stopIds: [ids[2]!] };
    assert((await answer(model, early)).ids.length >= minTokens);
    const stopped = await answer(model, { ...greedy, minTokens, stop: ['e'] });
    const { ids: firstIds } = await answer(model, { ...greedy, maxTokens: minTokens - 1 });
    assert(text.slice(0, 20).includes('e'));
    assert(stopped.ids.length >= minTokens);
    assert.deepEqual(stopped.ids.slice(0, minTokens - 1), firstIds);
    assert.equal(stopped.end.reason, 'stop');
  });

  it('has the log-probabilities of the unchanged distribution, with the texts of the tokens', async () => {
    const { tokens } = await answer(model, { ...greedy, logprobs: 3, repetitionPenalty: 1.5, minTokens: 24 });
    const cache = model.createCache();
    const said = [model.settings.bosId!, ...model.tokenizer!.encode('Once upon a time')];
    let logits = await model.forward([{ cache, position: 0, tokens: said }]);
    for (const { id, position, logprobs } of tokens) {
      const max = logits.reduce((a, b) => Math.max(a, b));
      const logSum = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0)) + max;
      const expected = Array.from(logits, (logit, token) => ({ id: token, logProbability: logit - logSum }));
      const top = expected.toSorted((a, b) => b.logProbability - a.logProbability).slice(0, 3);
      assert(Math.abs(logprobs!.logProbability - expected[id]!.logProbability) < 1e-5);
      assert.deepEqual(
        logprobs!.top.map((entry) => entry.id),
        top.map((entry) => entry.id),
      );
      for (const entry of [{ ...logprobs!, id }, ...logprobs!.top]) {
        assert.equal(entry.text, model.tokenizer!.decode([entry.id]));
      }
      logprobs!.top.forEach((entry, i) => {
        assert(Math.abs(entry.logProbability - top[i]!.logProbability) < 1e-5);
      });
      logits = await model.forward([{ cache, position, tokens: [id] }]);
    }
  });

  it("takes top-k and the repetition penalty from the model's settings unless the caller sets them", async () => {
    const sampled = { temperature: 1.5, topP: 1, maxTokens: 24, seed: 11 };
    const own = { ...model, generationDefaults: { ...model.generationDefaults, topK: 3, repetitionPenalty: 1.3 } };
    const expected = await answer(model, { ...sampled, topK: 3, repetitionPenalty: 1.3 });
    assert.deepEqual((await answer(own, sampled)).ids, expected.ids);
    const told = await answer(own, { ...sampled, topK: 0, repetitionPenalty: 1 });
    assert.deepEqual(told.ids, (await answer(model, sampled)).ids);
    assert.notDeepEqual(told.ids, expected.ids);
    assert.deepEqual(
      (await answer(own, { ...sampled, referenceSampler: true })).ids,
      (await answer(model, { ...sampled, referenceSampler: true })).ids,
    );
  });

  it('has no token that a bias bans', async () => {
    const { ids } = await answer(model, greedy);
    const banned = ids[3]!;
    const { ids: found } = await answer(model, { ...greedy, logitBias: { [banned]: Number.NEGATIVE_INFINITY } });
    assert(!found.includes(banned));
  });

  for (const options of [
    { stop: [''] },
    { stopIds: [-1] },
    { stopIds: [1e9] },
    { logprobs: 21 },
    { minTokens: 1.5 },
    { logitBias: { 99999999: 1 } },
    { topK: -1 },
  ]) {
    it(`refuses ${JSON.stringify(options)}`, async () => {
      await assert.rejects(answer(model, options), { code: 'INVALID_OPTION' });
    });
  }
});
