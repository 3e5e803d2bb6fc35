// The long form of the reliability tests: 200 kills each of export, quantize and download. Figures: docs/reliability.md.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const N_KILLS = '200';
const tests = ['test/48-durable/40-kills.test.ts', 'test/45-hub/60-sharing.test.ts'];

const mocha = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url));
const { status } = spawnSync(process.execPath, [mocha, ...tests], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, LLAMA_TEST_KILLS: N_KILLS },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
