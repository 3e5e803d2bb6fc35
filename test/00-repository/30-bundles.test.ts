// What runs is a bundle: tests of an old one would pass whatever the sources say.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

describe('the bundles', () => {
  it('are those of the sources', () => {
    const script = fileURLToPath(new URL('scripts/bundle.mjs', root));
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
  });

  it('go with the licenses of the packages whose code is in them', () => {
    const licenses = readFileSync(new URL('packages/cli/dist/LICENSES.txt', root), 'utf8');
    assert.match(licenses, /^@oclif\/core [\d.]+, MIT$/m);
  });
});
