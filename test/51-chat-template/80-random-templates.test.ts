// The long run is node scripts/fuzz-templates.mjs 10000.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';

const N_TEMPLATES = process.env.LLAMA_TEMPLATE_FUZZ ?? '20';

describe('random templates with evil parts', function () {
  this.timeout(Math.max(600_000, Number(N_TEMPLATES) * 10_000));

  it('end within 2 s of processor time and 200 MB, each in a process of its own', () => {
    const { status, stdout } = spawnSync(process.execPath, ['scripts/fuzz-templates.mjs', N_TEMPLATES], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout);
    assert.match(stdout, new RegExp(`^${N_TEMPLATES} templates `, 'm'));
  });
});
