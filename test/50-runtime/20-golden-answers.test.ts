import assert from 'node:assert/strict';
import { createChat, encodeChat, generate, type Model, openModel } from '@llama-ts/runtime';
import { collectAnswer } from '../helpers/collect-answer.js';
import { golden, goldenJson, modelFile } from './support.js';

interface Answer {
  readonly prompt_ids: number[];
  readonly new_ids: number[];
  readonly text: string;
}

describe('the sample model', function () {
  this.timeout(120_000);
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 1));
  });
  after(() => model.close());

  it("has transformers' perplexity on the held-out text", async () => {
    const expected = goldenJson<{ perplexity: number; nll_mean: number; tokens: number }>('sample', 'perplexity.json');
    const ids = model.tokenizer!.encode(golden('sample', 'heldout.txt').toString('utf8')).slice(0, expected.tokens);
    const { vocabSize } = model.header.dimensions;
    let sum = 0;
    for (let start = 0; start < ids.length; start += 255) {
      const targets = ids.slice(start, start + 255);
      const tokens = [model.settings.bosId!, ...targets];
      const logits = await model.forward([{ cache: model.createCache(), position: 0, tokens }], { logits: 'all' });
      targets.forEach((target, i) => {
        const row = logits.subarray(i * vocabSize, (i + 1) * vocabSize);
        const max = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
        sum += Math.log(row.reduce((total, logit) => total + Math.exp(logit - max), 0)) + max - row[target]!;
      });
    }
    const perplexity = Math.exp(sum / ids.length);
    assert(Math.abs(perplexity / expected.perplexity - 1) < 1e-3, `${perplexity}, expected ${expected.perplexity}`);
  });

  for (const [i, answer] of goldenJson<(Answer & { prompt: string })[]>('sample', 'greedy.json').entries()) {
    it(`continues prompt ${i} as transformers does`, async () => {
      const maxTokens = answer.new_ids.length;
      const { ids, text, end } = await collectAnswer(generate(model, answer.prompt, { temperature: 0, maxTokens }));
      assert.equal(text, answer.text);
      assert.deepEqual(end.eosId === null ? ids : [...ids, end.eosId], answer.new_ids);
    });
  }

  for (const [i, answer] of goldenJson<(Answer & { messages: { role: string; content: string }[]; date: string })[]>(
    'sample',
    'chat.json',
  ).entries()) {
    it(`answers chat ${i} as transformers does`, async () => {
      const users = answer.messages.filter(({ role }) => role === 'user');
      const [first] = answer.messages;
      if (users.length !== 1) return checkByIds(answer);
      const system = first?.role === 'system' ? first.content : undefined;
      const chat = createChat(model, {
        temperature: 0,
        dateString: answer.date,
        system,
        maxTokens: answer.new_ids.length,
      });
      const { ids, end } = await collectAnswer(chat.send(users[0]!.content));
      assert.deepEqual(end.eosId === null ? ids : [...ids, end.eosId], answer.new_ids);
    });
  }

  /** Conversations of several turns hold answers that are not the model's own. */
  async function checkByIds(answer: Answer): Promise<void> {
    const { ids, end } = await collectAnswer(
      generate(model, answer.prompt_ids, { temperature: 0, maxTokens: answer.new_ids.length }),
    );
    assert.deepEqual(end.eosId === null ? ids : [...ids, end.eosId], answer.new_ids);
  }

  it('continues a chat on its KV cache with the tokens that an empty cache gives', async () => {
    const options = { temperature: 0, dateString: '01 Jan 2026', maxTokens: 40 };
    const chat = createChat(model, options);
    await collectAnswer(chat.send('My name is Ada.'));
    const second = await collectAnswer(chat.send('What is my name?'));
    assert(second.nCached > 20, `${second.nCached} cached tokens`);
    const { tokenizer, chatTemplate } = model;
    const prompt = encodeChat(tokenizer!, chatTemplate!, chat.messages.slice(0, 3), { dateString: options.dateString });
    const fresh = await collectAnswer(generate(model, prompt, { temperature: 0, maxTokens: 40 }));
    assert.deepEqual(fresh.ids, second.ids);
  });
});

describe('generate', () => {
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('sample', 2), { context: 32 });
  });
  after(() => model.close());

  it('gives the same tokens for a seed and others for another', async () => {
    const withSeed = async (seed: number) =>
      (await collectAnswer(generate(model, 'Once', { seed, temperature: 1, topP: 0.9 }))).ids.join();
    assert.equal(await withSeed(7), await withSeed(7));
    assert.notEqual(await withSeed(7), await withSeed(8));
  });

  it('counts steps as the reference implementation does: n positions give n tokens after the first', async () => {
    const { ids } = await collectAnswer(generate(model, [1073, 581], { steps: 5, temperature: 0 }));
    assert.equal(ids.length, 4);
  });

  it('ends at a full context with that as the reason', async () => {
    const { ids, end } = await collectAnswer(generate(model, 'Once upon a time', { temperature: 0 }));
    assert.equal(end.reason, 'context');
    assert.equal(ids.length, 32 + 1 - 5);
  });

  it('refuses a prompt longer than the context by an error with both numbers', async () => {
    await assert.rejects(collectAnswer(generate(model, new Array(40).fill(1))), {
      code: 'CONTEXT_EXCEEDED',
      message: /40.*32/,
    });
  });

  it("ends when the caller's KV cache is full", async () => {
    const small = await openModel(await modelFile('sample', 2), { context: 8, backend: 'reference' });
    const large = await openModel(await modelFile('sample', 2), { context: 32, backend: 'reference' });
    const cache = small.createCache();
    const { ids, end } = await collectAnswer(generate(large, 'Once upon a time', { temperature: 0, cache }));
    assert.equal(end.reason, 'context');
    assert.equal(ids.length, 8 + 1 - 5);
    await assert.rejects(collectAnswer(generate(large, new Array(9).fill(1), { cache })), { code: 'CONTEXT_EXCEEDED' });
    await assert.rejects(collectAnswer(generate(large, 'a', { cache, cachedTokens: 9 })), { code: 'INVALID_OPTION' });
    await small.close();
    await large.close();
  });

  for (const options of [
    { temperature: Number.NaN },
    { temperature: -1 },
    { topP: 1.1 },
    { seed: 0 },
    { maxTokens: -1 },
    { prefillChunk: 0 },
    { cachedTokens: 1 },
  ]) {
    it(`refuses ${JSON.stringify(options)}`, async () => {
      await assert.rejects(collectAnswer(generate(model, 'a', options)), { code: 'INVALID_OPTION' });
    });
  }

  it('throws the reason of a signal that was aborted before the call', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(collectAnswer(generate(model, 'a', { signal })), /enough/);
  });

  it('stops at the next token when aborted', async () => {
    const controller = new AbortController();
    let nTokens = 0;
    await assert.rejects(async () => {
      for await (const event of generate(model, 'Once', { signal: controller.signal })) {
        if (event.type === 'token' && ++nTokens === 3) controller.abort(new Error('enough'));
      }
    }, /enough/);
    assert.equal(nTokens, 3);
  });
});
