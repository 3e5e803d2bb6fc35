import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/check/ci-roundtrip.mjs', import.meta.url));

const roundTrip = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

describe('npm run ci:roundtrip', function () {
  this.timeout(60_000);

  it('passes when every tensor is within half a scale step per group', () => {
    const { status, stdout } = roundTrip();
    assert.equal(status, 0);
    assert.match(stdout, /^PASS .*v2\.bin/m);
  });

  it('exits 3 above a given bound, and names the tensors beyond it', () => {
    const { status, stdout } = roundTrip('--max-error', '0.005');
    assert.equal(status, 3);
    assert.match(stdout, /^FAIL .*layers\.\d\.\S+: error 0\.005\d+, expected at most 0\.005/m);
  });

  it('prints one JSON document with --json', () => {
    const { status, stdout } = roundTrip('--json', '--max-error', '1');
    assert.equal(status, 0);
    const result = JSON.parse(stdout) as { passed: boolean; tensors: { errors: { rmse: number } }[] };
    assert.equal(result.passed, true);
    assert.equal(result.tensors.length, 47);
    assert.ok(result.tensors.every(({ errors }) => errors.rmse >= 0));
  });

  it('refuses a bound that is no number, and an unknown flag, without a stack trace', () => {
    assert.equal(roundTrip('--max-error', 'x').status, 2);
    const { status, stderr } = roundTrip('--bound', '1');
    assert.equal(status, 2);
    assert.match(stderr, /usage: npm run ci:roundtrip/);
    assert.doesNotMatch(stderr, /\n {4}at /);
  });

  it('prints its usage with --help', () => {
    const { status, stdout } = roundTrip('--help');
    assert.equal(status, 0);
    assert.match(stdout, /usage: npm run ci:roundtrip/);
  });
});
