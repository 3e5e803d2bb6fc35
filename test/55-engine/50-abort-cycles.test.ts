// A thousand aborted requests leave nothing behind: memory is looked at in a process of its own.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { modelFile } from '../50-runtime/support.js';

const program = fileURLToPath(new URL('abort-cycles.ts', import.meta.url));
const CYCLES = 1000;
const MOST_GROWTH = 1.05;
/** Bytes: what a page or two more of the heap is. */
const SLACK = 2e6;
/** MB of the young generation: V8 doubles it when it sees fit, which would look like growth. */
const YOUNG = 16;

interface Memory {
  readonly rss: number;
  readonly arrayBuffers: number;
  readonly heapUsed: number;
  readonly resources: Readonly<Record<string, number>>;
}

describe('a thousand abort cycles', function () {
  this.timeout(120_000);
  for (const way of ['generate', 'engine'] as const) {
    it(`of ${way} leave memory within 5 %, no handle and no listener`, async () => {
      const node = [
        '--expose-gc',
        `--min-semi-space-size=${YOUNG}`,
        `--max-semi-space-size=${YOUNG}`,
        '--import',
        'tsx',
      ];
      const args = [...node, program, await modelFile('sample', 2), way, String(CYCLES)];
      const { stdout } = await promisify(execFile)(process.execPath, args);
      const { before, after, listeners } = JSON.parse(stdout) as { before: Memory; after: Memory; listeners: number };
      for (const name of ['rss', 'arrayBuffers', 'heapUsed'] as const) {
        const most = MOST_GROWTH * before[name] + (name === 'rss' ? 0 : SLACK);
        assert.ok(after[name] <= most, `${name}: ${before[name]} bytes became ${after[name]}`);
      }
      assert.deepEqual(after.resources, before.resources);
      assert.equal(listeners, 0);
    });
  }
});
