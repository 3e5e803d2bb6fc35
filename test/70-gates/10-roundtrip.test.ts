import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../scripts/ci-roundtrip.mjs', import.meta.url));

const roundTrip = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });

describe('npm run ci:roundtrip', function () {
  this.timeout(60_000);

  it('passes when every tensor is within half a scale step per group', () => {
    const { status, stdout } = roundTrip();
    assert.equal(status, 0);
    assert.match(stdout, /^tok_embeddings\.weight +max error \S+ +rmse \S+ /m);
    assert.match(stdout, /47 of 47 tensors within half a scale step per group/);
  });

  it('exits 3 above a given bound, and names the tensors beyond it', () => {
    const { status, stdout } = roundTrip('--max-error', '0.005');
    assert.equal(status, 3);
    const beyond = stdout.split('\n').filter((line) => line.endsWith('BEYOND'));
    assert(beyond.length > 0 && beyond.length < 47, `${beyond.length} beyond`);
  });

  it('reports as one JSON document', () => {
    const { status, stdout } = roundTrip('--json', '--max-error', '1');
    assert.equal(status, 0);
    assert.equal((JSON.parse(stdout) as { passed: boolean }).passed, true);
  });

  it('refuses a bound that is no number', () => {
    assert.equal(roundTrip('--max-error', 'x').status, 2);
  });
});
