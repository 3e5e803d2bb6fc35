// exp, log, sums and quantiles, against exact arithmetic and against definitions.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { exp, log } from '../../packages/evaluate/src/eval/exp-log.js';
import { meanOf, quantile, sum } from '../../packages/evaluate/src/eval/statistics.js';

/** e^x of a small rational to 60 digits by its series, as an integer over 10^60. */
function exactExp(numerator: bigint, denominator: bigint): bigint {
  const one = 10n ** 60n;
  let term = one;
  let total = one;
  for (let n = 1n; term !== 0n; n++) {
    term = (term * numerator) / (denominator * n);
    total += term;
  }
  return total;
}

/** Distance of a float64 from a value over 10^60, in units in the last place. */
function ulpsFrom(value: number, exact: bigint): number {
  const unit = 2 ** (Math.floor(Math.log2(value)) - 52);
  // Every float64 of this size is a whole number over 2^120.
  const difference = (BigInt(value * 2 ** 60) * 10n ** 60n - exact * 2n ** 60n) / 10n ** 20n;
  return Math.abs(Number(difference)) / 10 ** 40 / 2 ** 60 / unit;
}

describe('exp and log from + − × ÷', () => {
  it('give e^x within one unit in the last place of the series to 60 digits', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), (n) => {
        const [numerator, denominator] = [BigInt(n), 2n ** 22n];
        assert.ok(ulpsFrom(exp(n / 2 ** 22), exactExp(numerator, denominator)) <= 1, String(n));
      }),
      { numRuns: 300 },
    );
  });

  it('are within 4 units in the last place of the engine’s, over the whole range', () => {
    fc.assert(
      fc.property(fc.double({ min: -740, max: 709, noNaN: true }), (x) => {
        const expected = Math.exp(x);
        assert.ok(Math.abs(exp(x) - expected) <= Math.max(4 * 2 ** -52 * expected, 2 ** -1073), String(x));
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: 2 ** -1000, max: 2 ** 1000, noNaN: true }), (x) => {
        const expected = Math.log(x);
        assert.ok(Math.abs(log(x) - expected) <= 4 * 2 ** -52 * Math.abs(expected), String(x));
      }),
    );
  });

  it('keep their edges', () => {
    assert.equal(exp(0), 1);
    assert.equal(log(1), 0);
    assert.equal(exp(-746), 0);
    assert.equal(exp(Number.NEGATIVE_INFINITY), 0);
    assert.equal(exp(710), Number.POSITIVE_INFINITY);
    assert.equal(exp(Number.NaN), Number.NaN);
    assert.equal(exp(-745), 5e-324);
    assert.equal(exp(709.78), Math.exp(709.78));
  });

  it('have the bits that are listed here, on every JavaScript engine', () => {
    const bits = (x: number): bigint => new BigUint64Array(Float64Array.of(x).buffer)[0]!;
    let exps = 0n;
    let logs = 0n;
    for (let i = 0; i < 5000; i++) {
      exps = (exps * 31n + bits(exp(-i * 0.0373))) & 0xffffffffffffffffn;
      logs = (logs * 31n + bits(log(1 + i * 27.31))) & 0xffffffffffffffffn;
    }
    assert.deepEqual([exps.toString(16), logs.toString(16)], ['f31d4bc73a25b241', '336ac14161dbadde']);
  });
});

describe('the statistics of eval', () => {
  it('sum numbers in any order to the exact sum, rounded', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), { maxLength: 300 }), (values) => {
        const exact = Number(values.reduce((total, value) => total + BigInt(value), 0n));
        assert.equal(sum(values), exact);
      }),
    );
    assert.equal(sum([1, 1e100, 1, -1e100]), 2);
  });

  it('give s / √n as the standard error', () => {
    const { value, standardError } = meanOf(Float64Array.of(2, 4, 4, 4, 5, 5, 7, 9));
    assert.equal(value, 5);
    assert.ok(Math.abs(standardError - Math.sqrt(32 / 7 / 8)) < 1e-15);
    assert.deepEqual(meanOf(Float64Array.of(3)), { value: 3, standardError: 0 });
  });

  it('give numpy’s default quantiles', () => {
    // numpy.quantile([1, 2, 4, 8, 16], [0, .1, .5, .95, .999, 1])
    const sorted = Float64Array.of(1, 2, 4, 8, 16);
    const found = [0, 0.1, 0.5, 0.95, 0.999, 1].map((q) => quantile(sorted, q));
    [1, 1.4, 4, 14.4, 15.968, 16].forEach((expected, i) => {
      assert.ok(Math.abs(found[i]! - expected) < 1e-12, `${found[i]}`);
    });
  });
});
