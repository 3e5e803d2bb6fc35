// Windows: every token predicted once, with the context it should have.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planWindows } from '../../packages/evaluate/src/eval/windows.js';
import { coded, createFakeModel, evaluate } from './support.js';

describe('the windows over a text', () => {
  it('predict every token once, in order, each from the window before it or from a begin-of-text token', () => {
    const options = fc.record({
      nTokens: fc.integer({ min: 2, max: 200 }),
      window: fc.integer({ min: 2, max: 40 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      hasBos: fc.boolean(),
    });
    fc.assert(
      fc.property(options, ({ nTokens, window, part, hasBos }) => {
        const stride = 1 + Math.floor(part * (window - 2));
        const windows = planWindows(nTokens, { window, stride, hasBos });
        let next = hasBos ? 0 : 1;
        windows.forEach(({ start, end, firstScored }, i) => {
          assert.equal(start, i * stride);
          assert.equal(firstScored, next);
          assert.ok(end > firstScored && firstScored >= start + (hasBos ? 0 : 1));
          assert.ok(end - start + (hasBos ? 1 : 0) <= window);
          next = end;
        });
        assert.equal(next, nTokens);
      }),
    );
  });

  it('are the ones that the definition gives for a small case', () => {
    assert.deepEqual(planWindows(10, { window: 5, stride: 2, hasBos: true }), [
      { start: 0, end: 4, firstScored: 0 },
      { start: 2, end: 6, firstScored: 4 },
      { start: 4, end: 8, firstScored: 6 },
      { start: 6, end: 10, firstScored: 8 },
    ]);
  });

  for (const [window, stride] of [
    [1, 1],
    [8, 8],
    [8, 0],
    [8, 1.5],
    [2.5, 1],
  ] as const) {
    it(`are refused for a window of ${window} and a stride of ${stride}`, () => {
      assert.throws(() => planWindows(9, { window, stride, hasBos: true }), coded('INVALID_OPTION'));
    });
  }

  it('are refused for a text that has nothing to predict', () => {
    assert.throws(() => planWindows(0, { window: 8, stride: 4, hasBos: true }), coded('BAD_TEXT'));
    assert.throws(() => planWindows(1, { window: 8, stride: 4, hasBos: false }), coded('BAD_TEXT'));
  });

  it('give each prediction the context of its window, whatever the size of a pass', async () => {
    const contexts: number[][] = [];
    const ids = Array.from({ length: 700 }, (_, i) => 1 + (i % 8));
    const { model, passes } = createFakeModel(
      9,
      (context) => {
        contexts.push([...context]);
        return new Array(9).fill(0);
      },
      { bosId: 0 },
    );
    const { nTokens, events } = await evaluate(model, ids, { window: 501, stride: 300 });
    assert.equal(nTokens, 700);
    // First window: 500 rows, all of them scored, at most 256 a pass. Second: 199 rows of context, then 200 scored ones.
    assert.deepEqual(
      passes.map(({ position, tokens, logits }) => [position, tokens.length, logits]),
      [
        [0, 256, 'all'],
        [256, 244, 'all'],
        [0, 200, 'none'],
        [200, 200, 'all'],
      ],
    );
    assert.deepEqual(contexts[499], [0, ...ids.slice(0, 499)]);
    assert.deepEqual(contexts.at(-1), [0, ...ids.slice(300, 699)]);
    assert.deepEqual(
      events.map(({ nScored, count }) => [nScored, count]),
      [
        [256, 700],
        [500, 700],
        [700, 700],
      ],
    );
  });
});
