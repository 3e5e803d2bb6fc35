// Bounds and thresholds files: what passes, what fails, what is refused.

import assert from 'node:assert/strict';
import {
  boundsFor,
  checkBoundNames,
  checkBounds,
  checkRulesMatch,
  describeCheck,
  parseThresholds,
  readThresholds,
  verdictLine,
} from '@llama-ts/evaluate';
import { coded } from './support.js';

describe('the gate of eval', () => {
  it('passes a figure that equals its bound, on both sides', () => {
    const checks = checkBounds('m', { kl: 0.5, snr: 40 }, { 'max-kl': 0.5, 'min-snr': 40 });
    assert.deepEqual(
      checks.map(({ passed }) => passed),
      [true, true],
    );
  });

  it('fails at a figure just beyond its bound, on both sides', () => {
    const checks = checkBounds('m', { kl: 0.5000000001, snr: 39.9999999 }, { 'max-kl': 0.5, 'min-snr': 40 });
    assert.deepEqual(
      checks.map(({ passed }) => passed),
      [false, false],
    );
  });

  it('fails at NaN on both sides', () => {
    const checks = checkBounds('m', { kl: Number.NaN }, { 'max-kl': 1, 'min-kl': 0 });
    assert.deepEqual(
      checks.map(({ passed }) => passed),
      [false, false],
    );
  });

  it('reports what was found and expected with enough digits to tell them apart', () => {
    const [check] = checkBounds('layers.0.w2', { kl: 0.50000000001 }, { 'max-kl': 0.5 });
    assert.equal(describeCheck(check!), 'layers.0.w2: kl 0.50000000001, expected at most 0.5');
  });

  it('gives one line as its verdict', () => {
    const checks = checkBounds('m', { kl: 2, snr: 1 }, { 'max-kl': 1, 'min-snr': 3 });
    assert.equal(
      verdictLine('eval', checks),
      'FAIL eval: 2 of 2 bounds broken: m: kl 2, expected at most 1 and 1 more',
    );
    assert.equal(verdictLine('eval', checkBounds('m', { kl: 1 }, { 'max-kl': 1 })), 'PASS eval: 1 of 1 bounds kept');
  });

  const strays = [{ 'max-klx': 1 }, { kl: 1 }, { 'less-kl': 1 }, { 'max-kl': Number.NaN }, { 'max-constructor': 1 }];
  for (const bounds of strays) {
    it(`refuses the bound ${JSON.stringify(bounds)} before anything is measured`, () => {
      assert.throws(() => checkBoundNames(bounds, ['kl'], 'here'), coded('BAD_BOUND'));
    });
  }
});

describe('a thresholds file', () => {
  it('holds bounds of tensors by pattern, where later ones win, and bounds of an evaluation', () => {
    const text =
      '{"verify": {"*": {"min-snr": 30, "max-error": 1}, "*.w?.weight": {"min-snr": 20}}, "eval": {"max-kl": 1}}';
    const thresholds = parseThresholds(text, 't.json');
    assert.deepEqual(thresholds.eval, { 'max-kl': 1 });
    assert.deepEqual(boundsFor('layers.0.w2.weight', thresholds.verify), { 'min-snr': 20, 'max-error': 1 });
    assert.deepEqual(boundsFor('layers.0.w2xweight', thresholds.verify), { 'min-snr': 30, 'max-error': 1 });
  });

  it('is refused when a pattern matches no tensor', () => {
    const { verify } = parseThresholds('{"verify": {"layer.*": {"min-snr": 1}}}', 't.json');
    assert.throws(() => checkRulesMatch(verify, ['layers.0.w2.weight'], 't.json'), coded('BAD_THRESHOLDS'));
    checkRulesMatch(verify, ['layer.0'], 't.json');
  });

  for (const text of ['', '[]', '{"evall": {}}', '{"eval": 1}', '{"eval": {"max-kl": "1"}}', '{"verify": {"*": 3}}']) {
    it(`is refused as ${text || 'an empty text'}`, () => {
      assert.throws(() => parseThresholds(text, 't.json'), coded('BAD_THRESHOLDS'));
    });
  }

  it('is refused when nested too deep to be shown', () => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    assert.throws(() => parseThresholds(deep, 't.json'), coded('BAD_THRESHOLDS'));
  });

  it('is refused when it does not exist', async () => {
    await assert.rejects(readThresholds('no-such.json'), coded('FILE_NOT_FOUND'));
  });
});
