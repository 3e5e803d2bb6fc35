// Prompt lookup: fewer passes, and not a bit of difference.

import assert from 'node:assert/strict';
import { createEngine, type GenerateEvent, generate, type Model, openModel } from '@llama-ts/runtime';
import fc from 'fast-check';
import { modelFile } from '../50-runtime/support.js';
import { outcome, randomRequest } from './support.js';

describe('speculation', function () {
  this.timeout(60_000);
  let model: Model;
  before(async () => {
    model = await openModel(await modelFile('tied-gqa-bf16', 2), { context: 64, settings: { eosIds: [3] } });
  });
  after(() => model.close());

  /** The model, computing real passes but always choosing the tokens of a script; and the rows of each pass after the prompt. */
  function saying(script: (position: number) => number, spoken = model) {
    const { vocabSize } = spoken.header.dimensions;
    const passes: number[] = [];
    const scripted: Model = {
      ...spoken,
      async forward(batch, options) {
        const logits = await spoken.forward(batch, options);
        let row = 0;
        for (const { position, tokens, logits: wanted } of batch) {
          const first = wanted === 'all' ? 0 : wanted === 'none' ? tokens.length : tokens.length - 1;
          for (let i = first; i < tokens.length; i++) {
            logits[row++ * vocabSize + script(position + i + 1)] = 1e6;
          }
          if (wanted === 'all') passes.push(tokens.length);
        }
        return logits;
      },
    };
    return { scripted, passes };
  }

  async function endOf(events: AsyncIterable<GenerateEvent>) {
    for await (const event of events) if (event.type === 'end') return event;
    assert.fail('no end');
  }

  it('gives the tokens, text and end of plain decoding, greedy and sampled', async () => {
    // Hot sampling among few tokens repeats often and goes on differently as often.
    const few = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 40 });
    const drafting = fc.record({ rowCost: fc.constantFrom(0, 0.05, 0.3, 1) });
    await fc.assert(
      fc.asyncProperty(randomRequest(model), few, drafting, async ({ options }, prompt, speculate) => {
        const settings = { ...options, maxTokens: undefined };
        const found = await outcome(generate(model, prompt, { ...settings, speculate }));
        assert.deepEqual(found, await outcome(generate(model, prompt, settings)));
      }),
      { numRuns: 60 },
    );
  });

  it('takes fewer passes where the text repeats, and reports its drafts', async () => {
    const { scripted, passes } = saying((position) => 10 + (position % 5));
    const prompt = [10, 11, 12, 13, 14, 10, 11, 12];
    const options = { temperature: 0, maxTokens: 50, speculate: { rowCost: 0.1 } };
    const { nTokens, speculation } = await endOf(generate(scripted, prompt, options));
    assert.equal(nTokens, 50);
    assert.deepEqual(speculation, { nDrafted: 46, nAccepted: 46 });
    // A pass computes the last token and the draft: of what wrong drafts may cost at first, then of what right ones saved.
    assert.deepEqual(passes, [6, 20, 23]);
  });

  it('saves more than half of the passes when four of twenty tokens are edited', async () => {
    const edited = (i: number) => (i % 20 < 4 ? 300 + i : 100 + i);
    const long = await openModel(await modelFile('tied-gqa-bf16', 2), { context: 256 });
    const prompt = Array.from({ length: 128 }, (_, i) => 100 + i);
    const { scripted, passes } = saying((position) => edited(position - prompt.length), long);
    const rowCost = 0.13;
    const options = { temperature: 0, maxTokens: 100, speculate: { rowCost } };
    const { nTokens } = await endOf(generate(scripted, prompt, options));
    await long.close();
    assert.equal(nTokens, 100);
    const cost = passes.reduce((sum, nRows) => sum + 1 + rowCost * (nRows - 1), 0);
    assert(cost < 99 / 2, `${cost} passes' worth for 99 tokens`);
  });

  it('drafts more tokens while a copy goes on', async () => {
    const { scripted, passes } = saying((position) => 100 + ((position - 16) % 16));
    const prompt = Array.from({ length: 16 }, (_, i) => 100 + i);
    const speculate = { rowCost: 0.13 };
    await endOf(generate(scripted, prompt, { temperature: 0, speculate }));
    // 47 tokens follow the first: drafts get longer.
    assert.deepEqual(passes, [3, 10, 18, 17]);
  });

  it('never drafts beyond the maximum number of tokens', async () => {
    const { scripted, passes } = saying((position) => 10 + (position % 2));
    const prompt = [10, 11, 10, 11, 10, 11];
    for (const maxTokens of [1, 2, 3, 4, 5, 6]) {
      passes.length = 0;
      await endOf(generate(scripted, prompt, { temperature: 0, maxTokens, speculate: { rowCost: 0 } }));
      assert.equal(
        passes.reduce((sum, n) => sum + n, 0),
        maxTokens - 1,
      );
    }
  });

  it('ends at an end token within a draft', async () => {
    const { scripted } = saying((position) => (position === 15 ? 3 : 10 + (position % 2)));
    const prompt = [10, 11, 10, 11, 10, 11, 10, 11];
    const end = await endOf(generate(scripted, prompt, { temperature: 0, speculate: { rowCost: 0 } }));
    assert.equal(end.reason, 'eos');
    assert.equal(end.nTokens, 7);
    // One pass of a draft that is right up to the token before.
    assert.deepEqual(end.speculation, { nDrafted: 23, nAccepted: 6 });
  });

  it('ends at an end token even when the draft repeats that token', async () => {
    const { scripted } = saying((position) => (position === 15 ? 3 : 10));
    const prompt = new Array<number>(8).fill(10);
    const end = await endOf(generate(scripted, prompt, { temperature: 0, speculate: { rowCost: 0 } }));
    assert.equal(end.reason, 'eos');
    assert.equal(end.nTokens, 7);
  });

  it('costs at most 3 % when drafts are always wrong', async () => {
    // Pairs repeat, but never go on as they did before.
    const { scripted, passes } = saying((position) => (position % 3 === 2 ? 20 + position : 10 + (position % 3)));
    const rowCost = 0.15;
    const options = { temperature: 0, maxTokens: 60, speculate: { rowCost } };
    const { speculation } = await endOf(generate(scripted, [10, 11], options));
    assert(speculation!.nDrafted > 0);
    const cost = passes.reduce((sum, nRows) => sum + 1 + rowCost * (nRows - 1), 0);
    assert(cost <= 59 / 0.97, `${cost} passes' worth for 59 tokens`);
  });

  it('drafts no tokens when a row costs as much as a pass', async () => {
    const { scripted, passes } = saying((position) => 10 + (position % 5));
    await endOf(generate(scripted, [10, 11, 12, 13, 14, 10, 11, 12], { temperature: 0, speculate: { rowCost: 1 } }));
    assert.deepEqual(new Set(passes), new Set([1]));
    passes.length = 0;
    const engine = createEngine(scripted);
    const requests = [1, 2, 3, 4, 5, 6, 7, 8].map(() =>
      endOf(engine.submit([10, 11, 12, 13], { maxTokens: 20, temperature: 0, speculate: { rowCost: 1 } })),
    );
    await Promise.all(requests);
    assert(passes.every((nRows) => nRows === 1));
  });

  it('drafts the same tokens in every run, whatever the chunks of the prompt', async () => {
    const { scripted } = saying((position) => (position % 11 === 0 ? 20 + position : 10 + (position % 3)));
    const prompt = [10, 11, 12, 10, 11, 12, 10, 11, 12];
    const options = { temperature: 0, speculate: { rowCost: 0.05 } };
    const ends = [1, 5, 512].map((prefillChunk) => endOf(generate(scripted, prompt, { ...options, prefillChunk })));
    const [first, ...others] = (await Promise.all(ends)).map(({ speculation }) => speculation);
    assert(first!.nAccepted > 0 && first!.nAccepted < first!.nDrafted);
    for (const other of others) assert.deepEqual(other, first);
  });

  it('refuses a row cost below 0', async () => {
    await assert.rejects(endOf(generate(model, [1], { speculate: { rowCost: -1 } })), { code: 'INVALID_OPTION' });
    await assert.rejects(endOf(generate(model, [1], { speculate: { rowCost: Number.NaN } })), {
      code: 'INVALID_OPTION',
    });
  });
});
