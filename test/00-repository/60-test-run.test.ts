// What npm test counts: the tests of all its processes, and a process that crashes as a failure.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

interface Outcome {
  readonly failures: readonly string[];
  readonly crash: string | null;
}

const scripts = new URL('../../scripts/test/', import.meta.url);
const { runGroups } = (await import(new URL('run-groups.mjs', scripts).href)) as {
  runGroups(groups: string[][], options: object): Promise<Outcome[]>;
};
const { runAgain } = (await import(new URL('run-again.mjs', scripts).href)) as {
  runAgain(outcomes: Outcome[], options: object): Promise<Outcome[]>;
};
const { closingLines } = (await import(new URL('report.mjs', scripts).href)) as {
  closingLines(outcomes: Outcome[]): { lines: string[]; hasFailed: boolean };
};
const { groupFiles } = (await import(new URL('group-files.mjs', scripts).href)) as {
  groupFiles(files: string[], secondsOf: (file: string) => number): string[][];
};

describe('a test run', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'llama-test-run-'));
  after(() => rmSync(folder, { recursive: true }));

  /** Runs programs as test files, each in a process of its own. */
  const run = (...programs: string[]) => runAs('', programs);

  async function runAs(strict: string, programs: readonly string[], isAgain = false) {
    const results = path.join(folder, 'results');
    rmSync(results, { recursive: true, force: true });
    mkdirSync(results);
    const groups = programs.map((program, i) => {
      const file = path.join(folder, `${i}.test.mjs`);
      writeFileSync(file, program);
      return [file];
    });
    const env = { ...process.env, LLAMA_TEST_STRICT: strict };
    const options = { nJobs: 2, env, results, show: () => undefined };
    const outcomes = await runGroups(groups, options);
    return closingLines(isAgain ? await runAgain(outcomes, options) : outcomes);
  }

  it('adds up the counts of its processes, and lists each failed test by title, file and first line of the error', async () => {
    const failing = "describe('x', () => it('y', () => { throw new Error('first\\nsecond'); }));";
    const { lines, hasFailed } = await run(failing, "it('a', () => {}); it('b', () => {}); it.skip('c');");
    assert.match(lines.at(-2)!, /^ {2}x y \(.*0\.test\.mjs\): first$/);
    assert.equal(lines.at(-1), '2 passed, 1 failed, 1 skipped');
    assert.equal(hasFailed, true);
  });

  it('fails for a test that skips itself where LLAMA_TEST_STRICT is set', async () => {
    const skipping = "describe('x', () => { before(function () { this.skip(); }); it('c', () => {}); });";
    const programs = ["it('a', () => {});", skipping, "it('b', function () { this.skip(); });"];
    assert.deepEqual((await runAs('1', programs)).lines.at(-1), '1 passed, 2 failed, 0 skipped');
    assert.deepEqual((await runAs('', programs)).lines.at(-1), '1 passed, 0 failed, 2 skipped');
  });

  it('counts a process that crashes before, during or after its tests as a failure', async () => {
    const crashes = ['process.kill(process.pid, 9);', "it('b', () => process.exit(0));"];
    const atEnd = "it('a', () => {}); process.on('exit', () => process.kill(process.pid, 9));";
    const { lines, hasFailed } = await run(...crashes, atEnd);
    assert.equal(lines.filter((line) => /^ {2}a process ended with (?:status 0|SIGKILL) before/.test(line)).length, 3);
    assert.equal(lines.at(-1), '1 passed, 3 failed, 0 skipped');
    assert.equal(hasFailed, true);
  });

  it('gives what failed a second try where it is asked for, and lists what passed then', async () => {
    const path = JSON.stringify(`${folder}/tried`);
    const first = `const isAgain = require('node:fs').existsSync(${path}); require('node:fs').writeFileSync(${path}, '');`;
    const flaky = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); ${first}
      it('a', () => { if (!isAgain) throw new Error('first'); }); it('b', () => {});`;
    const { lines, hasFailed } = await runAs('', [flaky], true);
    assert.match(lines.at(-2)!, /^ {2}a \(.*0\.test\.mjs\): first$/);
    assert.deepEqual(
      [lines.at(-3), lines.at(-1)],
      ['failed beside others, passed alone:', '2 passed, 0 failed, 0 skipped'],
    );
    assert.equal(hasFailed, false);
    const failing = await runAs('', ["it('a', () => { throw new Error('always'); });"], true);
    assert.deepEqual(
      failing.lines.slice(-2).map((line) => line.replace(/\(.*\)/, '()')),
      ['  a (): always', '0 passed, 1 failed, 0 skipped'],
    );
    assert.ok(!failing.lines.includes('failed beside others, passed alone:'));
  });

  it('passes when no test fails and no process crashes', async () => {
    const { lines, hasFailed } = await run("it('a', () => {});");
    assert.equal(lines.at(-1), '1 passed, 0 failed, 0 skipped');
    assert.equal(hasFailed, false);
  });

  it('starts with the longest files, and gives short files of one folder one process', () => {
    const seconds = new Map([
      ['a/1', 2],
      ['a/2', 3],
      ['a/3', 40],
      ['b/1', 4],
      ['b/2', 9],
    ]);
    const groups = groupFiles([...seconds.keys()], (file) => seconds.get(file)!);
    assert.deepEqual(groups, [['a/3'], ['b/2'], ['a/1', 'a/2'], ['b/1']]);
  });
});
