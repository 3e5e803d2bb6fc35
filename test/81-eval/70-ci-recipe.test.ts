// The CI recipe of examples/ci, run on the sample model.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { llamaBin } from '../helpers/run-llama.js';

const recipe = fileURLToPath(new URL('../../examples/ci/', import.meta.url));

describe('the recipe for CI', function () {
  this.timeout(120_000);
  let folder = '';

  before(function () {
    if (process.platform === 'win32') this.skip(); // a POSIX shell script
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-recipe-'));
  });
  after(() => {
    if (folder !== '') fs.rmSync(folder, { recursive: true, force: true });
  });

  const check = (script: string, out: string) =>
    spawnSync('sh', [script], {
      encoding: 'utf8',
      cwd: folder,
      env: { ...process.env, OUT: out, LLAMA: `${process.execPath} ${llamaBin}` },
    });
  const read = (...names: string[]): string => fs.readFileSync(path.join(folder, ...names), 'utf8');

  it('passes on the sample model, and writes the reports that its page names', () => {
    const { status, stdout, stderr } = check(path.join(recipe, 'check-model.sh'), 'out');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /model check: passed, reports in out\n$/);
    assert.equal(JSON.parse(read('out', 'verify.json')).passed, true);
    assert.match(read('out', 'verify.xml'), /^<\?xml .*<testsuite .* failures="0"/s);
    const page = read('out', 'report.html');
    assert.match(page, /<p class="verdict pass">PASS .*Evaluation on a text/s);
    const evaluation = JSON.parse(read('out', 'eval.json'));
    assert.equal(evaluation.passed, true);
    assert.equal(evaluation.checks.length, 4);
  });

  it('exits with 3 when a bound is broken, after everything was measured', () => {
    fs.copyFileSync(path.join(recipe, 'check-model.sh'), path.join(folder, 'check-model.sh'));
    fs.writeFileSync(path.join(folder, 'thresholds.json'), '{"verify": {"*": {"min-snr": 90}}, "eval": {"max-kl": 1}}');
    const { status, stderr } = check('check-model.sh', 'strict');
    assert.equal(status, 3, stderr);
    assert.match(stderr, /model check: failed/);
    assert.equal(JSON.parse(read('strict', 'verify.json')).passed, false);
    assert.equal(JSON.parse(read('strict', 'eval.json')).passed, true);
    assert.match(read('strict', 'report.html'), /<p class="verdict fail">FAIL /);
  });

  it('uploads the reports of the script, also after a failure', () => {
    const workflow = fs.readFileSync(path.join(recipe, 'model-check.yml'), 'utf8');
    assert.match(workflow, /examples\/ci\/check-model\.sh/);
    assert.match(workflow, /if: always\(\)/);
    for (const file of ['*.json', '*.xml', 'report.html']) assert.ok(workflow.includes(`model-check/${file}\n`), file);
  });
});
