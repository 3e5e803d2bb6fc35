// Kernels that end in the middle of a run: with what opened them, with their worker, with the process. LLAMA_TEST_ENDINGS says
// how many times each; scripts/sanitize/test-sanitized.mjs does the same to the pool of threads alone.

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = Number(process.env.LLAMA_TEST_ENDINGS ?? 6);
const SEED = Number(process.env.LLAMA_TEST_SEED ?? 1);
/** A round takes a fraction of a second; on a busy machine, of many more threads than cores, several. */
const ROUND_MS = 20_000;
const START_MS = 60_000;

const child = fileURLToPath(new URL('./support/endings-child.mjs', import.meta.url));
/** A worker of WebAssembly is a JavaScript engine, which takes long to start. */
const engines = [
  { engine: 'the fastest', backend: 'any', maxThreads: 64, rounds: ROUNDS },
  { engine: 'wasm', backend: 'wasm', maxThreads: 4, rounds: Math.ceil(ROUNDS / 10) },
];

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('kernels that end in the middle of a run, 1 to 64 threads', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'llama-endings-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const run = (args: readonly (string | number)[], timeout: number): Promise<Outcome> =>
    new Promise((resolve) => {
      const argv = ['--expose-gc', child, ...args.map(String), join(folder, 'weights')];
      const process_ = spawn(process.execPath, argv, {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout,
        killSignal: 'SIGKILL',
      });
      let [stdout, stderr] = ['', ''];
      process_.stdout.on('data', (chunk) => {
        stdout += chunk;
      });
      process_.stderr.on('data', (chunk) => {
        stderr += chunk;
      });
      process_.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    });

  for (const { engine, backend, maxThreads, rounds } of engines) {
    for (const [event, title] of [
      ['close', 'close()'],
      ['terminate', 'worker.terminate()'],
      ['worker-exit', 'process.exit() in a worker'],
      ['worker-uncaught', 'an uncaught error in a worker'],
    ] as const) {
      it(`neither hang nor abort at ${title} on ${engine}`, async () => {
        const outcome = await run([event, rounds, SEED, backend, maxThreads], START_MS + rounds * ROUND_MS);
        assert.deepEqual(outcome, { code: 0, signal: null, stdout: `${rounds} of ${rounds}\n`, stderr: '' });
      }).timeout(2 * START_MS + rounds * ROUND_MS);
    }
    for (const [event, title, code, stderr] of [
      ['exit', 'process.exit()', 0, /^$/],
      ['uncaught', 'an uncaught error', 1, /Error: this error is expected/],
    ] as const) {
      it(`end the process as usual at ${title} on ${engine}`, async () => {
        for (let round = 0; round < rounds; round++) {
          const outcome = await run([event, 1, SEED + round, backend, maxThreads], START_MS);
          assert.deepEqual({ code: outcome.code, signal: outcome.signal }, { code, signal: null }, outcome.stderr);
          assert.match(outcome.stderr, stderr);
        }
      }).timeout(START_MS + rounds * START_MS);
    }
  }
});
