// A busy machine: how many threads a pool uses, by what it loses at barriers; times are given, not measured.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, compiler } from './support/compile-native.js';

/** Microseconds. */
const MS = 1000;

/** `n` waits of `waited`, `apart` from one another, from a time on. */
function waits(from: number, n: number, waited: number, apart: number): string[] {
  return Array.from({ length: n }, (_, i) => `${Math.round(from + i * apart)} wait ${waited}`);
}

describe('a pool of threads on a busy machine (skipped without a C++ compiler)', () => {
  let folder: string;
  let program: string;

  before(function () {
    if (compiler === undefined) this.skip();
    this.timeout(120_000);
    folder = mkdtempSync(join(tmpdir(), 'llama-busy-'));
    program = join(folder, 'busy');
    compile(program, ['checks/busy.cc'], ['-pthread']);
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  /** Threads of each run. */
  const threadsOf = (threads: number, lines: readonly string[]): number[] => {
    const { stdout, status } = spawnSync(program, [String(threads)], { input: lines.join('\n'), encoding: 'utf8' });
    assert.equal(status, 0);
    return stdout.trim().split('\n').map(Number);
  };
  const run = (at: number) => `${at} run`;

  it('keeps all threads while waits at barriers are short', () => {
    const lines = [run(1), ...waits(100, 5000, 199, 250), run(2000 * MS)];
    assert.deepEqual(threadsOf(2, lines), [2, 2]);
  });

  it('keeps all threads when a single wait is long', () => {
    assert.deepEqual(threadsOf(2, [run(1), ...waits(100 * MS, 1, 90 * MS, 0), run(101 * MS)]), [2, 2]);
  });

  it('keeps all threads when long waits are rare', () => {
    const lines = [run(1), ...waits(100 * MS, 20, 4 * MS, 30 * MS), run(800 * MS)];
    assert.deepEqual(threadsOf(2, lines), [2, 2]);
  });

  it('halves its threads after two time slices are lost in a row', () => {
    assert.deepEqual(threadsOf(2, [run(1), ...waits(10 * MS, 2, 3 * MS, 3.1 * MS), run(20 * MS)]), [2, 1]);
    assert.deepEqual(threadsOf(8, [run(1), ...waits(10 * MS, 2, 3 * MS, 3.1 * MS), run(20 * MS)]), [8, 4]);
  });

  it('goes down to one thread when half of them lose time slices too', () => {
    assert.deepEqual(threadsOf(8, [run(1), ...waits(10 * MS, 6, 3 * MS, 3.1 * MS), run(40 * MS)]), [8, 1]);
  });

  it('tries more threads after a pause, and keeps them when the machine is quiet', () => {
    const lines = [
      run(1),
      ...waits(10 * MS, 4, 3 * MS, 3.1 * MS),
      ...[50, 119, 120, 200, 300].map((at) => run(at * MS)),
    ];
    assert.deepEqual(threadsOf(4, lines), [4, 1, 1, 2, 4, 4]);
  });

  it('pauses for longer after each trial that fails, for a second at most', () => {
    const lines = [run(1), ...waits(10 * MS, 2, 3 * MS, 3 * MS)];
    const trials: number[] = [];
    for (let at = 20; at < 6000; at += 5) lines.push(run(at * MS), ...waits(at * MS + 2, 2, 1.5 * MS, 1.6 * MS));
    threadsOf(2, lines).forEach((threads, i) => {
      if (i > 0 && threads === 2) trials.push(20 + 5 * (i - 1));
    });
    const pauses = trials.slice(1).map((at, i) => at - trials[i]!);
    assert.deepEqual(
      pauses.map((pause) => Math.round(pause / 100) * 100),
      [200, 400, 800, 1000, 1000, 1000, 1000],
    );
  });
});
