import assert from 'node:assert/strict';
import fc from 'fast-check';
import { logarithm } from '../../packages/runtime/src/sampler/logarithm.js';

/** Distance in units of the last place of float64. */
function ulps(a: number, b: number): number {
  const [x, y] = new BigInt64Array(Float64Array.of(a, b).buffer) as unknown as [bigint, bigint];
  return Math.abs(Number(x - y));
}

describe('the logarithm of the sampler', () => {
  it('is within one unit in the last place of the engine’s, for float32 of every size', () => {
    const positive = fc.float({ min: 2 ** -149, max: Math.fround(3e38), noNaN: true });
    fc.assert(
      fc.property(positive, (x) => ulps(logarithm(x), Math.log(x)) <= 1),
      { numRuns: 5000 },
    );
  });

  it('is exact for 1, 2 and one half', () => {
    assert.equal(logarithm(1), 0);
    assert.equal(logarithm(2), Math.LN2);
    assert.equal(logarithm(0.5), -Math.LN2);
  });
});
