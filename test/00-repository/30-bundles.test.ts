// The tests run the bundles: with an old one they would pass for any sources.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

describe('the bundles in dist/', () => {
  it('are what a build of the present sources gives', () => {
    const script = fileURLToPath(new URL('scripts/build/bundle.mjs', root));
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
  });

  it('come with the licenses of the packages whose code they contain', () => {
    const licenses = readFileSync(new URL('packages/cli/dist/LICENSES.txt', root), 'utf8');
    assert.match(licenses, /^@oclif\/core [\d.]+, MIT$/m);
  });
});
