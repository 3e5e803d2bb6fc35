// A thousand clients that leave at random moments: who leaves is computed no further, and nothing of it is left.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { modelFile } from '../50-runtime/support.js';
import type { LeavingReport } from './thousand-clients.js';

const program = fileURLToPath(new URL('thousand-clients.ts', import.meta.url));
const CLIENTS = 1000;
const MOST_GROWTH = 1.05;
/** Bytes: what a page or two more of the heap is. */
const SLACK = 2e6;
/** MB of the young generation: V8 doubles it when it sees fit, which would look like growth. */
const YOUNG = 16;

describe('a thousand clients that leave at random moments', function () {
  this.timeout(300_000);
  let report: LeavingReport;
  before(async () => {
    const sizes = [`--min-semi-space-size=${YOUNG}`, `--max-semi-space-size=${YOUNG}`];
    const args = ['--expose-gc', ...sizes, '--import', 'tsx', program, await modelFile('sample', 2), String(CLIENTS)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    report = JSON.parse(stdout) as LeavingReport;
  });

  it('are each noticed within one pass: queued, in the prompt, and answering', () => {
    const { left, wasted } = report;
    for (const state of ['queued', 'prompt', 'answering'] as const) {
      // How many depends on the machine: the faster it is, the fewer are in their prompts.
      assert.ok(left[state] > 0, `${left[state]} ${state}`);
    }
    // Clients by the number of passes that computed rows of them after they had left.
    assert.ok(
      Object.keys(wasted).every((nPasses) => Number(nPasses) <= 1),
      JSON.stringify(wasted),
    );
  });

  it('leave memory within 5 % of what it was, and no handle', () => {
    const { before, after } = report;
    for (const name of ['rss', 'arrayBuffers', 'heapUsed'] as const) {
      const most = MOST_GROWTH * before[name] + (name === 'rss' ? 0 : SLACK);
      assert.ok(after[name] <= most, `${name}: ${before[name]} bytes became ${after[name]}`);
    }
    assert.deepEqual(after.resources, before.resources);
    assert.equal(report.nHeld, 0);
  });
});
