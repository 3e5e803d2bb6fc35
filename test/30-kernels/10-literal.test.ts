// The literal arithmetic of support/literal.ts, which the other tests compare with, against independent oracles.

import { strict as assert } from 'node:assert';
import { bitsOf, fromBits } from './support/assert-bits.js';
import * as literal from './support/literal.js';
import { uniform } from './support/random.js';

describe('the literal arithmetic that tests compare with', () => {
  it('has an exponential within 1 ulp of the exact one', () => {
    for (const size of [1e-6, 1, 20, 87]) {
      for (const x of uniform(20000, 1, size)) {
        const exact = Math.exp(x);
        const ulp = 2 ** (Math.floor(Math.log2(exact)) - 23);
        assert.ok(Math.abs(literal.exp(x) - exact) < ulp, `exp(${x}) is ${literal.exp(x)}, expected ${exact}`);
      }
    }
  });

  it('has an exponential that is exact at the ends of its range', () => {
    assert.equal(literal.exp(0), 1);
    assert.equal(literal.exp(-0), 1);
    assert.equal(literal.exp(88.72283172607422) < Infinity, true);
    assert.equal(literal.exp(fromBits(bitsOf(88.72283172607422) + 1)), Infinity);
    assert.equal(literal.exp(fromBits(bitsOf(-103.97208404541016) + 1)), 0);
    assert.equal(literal.exp(-Infinity), 0);
    assert.equal(literal.exp(-103.5), 2 ** -149);
    assert.ok(Number.isNaN(literal.exp(Number.NaN)));
  });

  it('adds in sixteen lanes and folds these by halves', () => {
    const big = 2 ** 24;
    // One after the other, each 1 would be lost beside 2^24; in lanes only lane 0 has it.
    const list = [big, 1, 1, 1];
    assert.equal(literal.sum16(list), big + 2);
    const sequential = list.reduce((sum, x) => Math.fround(sum + x));
    assert.equal(sequential, big);
    assert.ok(Object.is(literal.sum16([-0]), 0));
  });

  it('rounds ties to even', () => {
    const rounded = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.5000002, 3].map((x) => literal.roundHalfToEven(x) + 0);
    assert.deepEqual(rounded, [-2, -2, 0, 0, 2, 2, 3, 3]);
  });

  it('converts every float16 to its value and back', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = literal.halfValue(bits);
      if (Number.isFinite(value)) assert.equal(literal.nearestHalf(value), bits);
    }
  });
});
