// The long run is node scripts/fuzz/fuzz-costs.mjs templates 10000.

import { strict as assert } from 'node:assert';
import { runCosts } from '../helpers/run-costs.js';

const N_TEMPLATES = Number(process.env.LLAMA_TEST_COSTS ?? 40);

describe('random chat templates, some of which ask for too much,', () => {
  it('end within 2 s of processor time and 200 MB, and more than half of them render', async () => {
    const { status, stdout, nOk } = await runCosts('templates', N_TEMPLATES);
    assert.equal(status, 0, stdout);
    assert.ok(nOk > N_TEMPLATES / 2, stdout);
  }).timeout(600_000 + N_TEMPLATES * 5_000);
});
