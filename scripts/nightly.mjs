// The long form of the reliability tests: 200 kills each of export, quantize, download and run --input, 10,000 corrupted transfers,
// a million damaged files. Figures: docs/reliability.md.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const N_KILLS = '200';
const N_CORRUPT_TRANSFERS = '10000';
const tests = [
  'test/48-durable/40-kills.test.ts',
  'test/45-hub/60-sharing.test.ts',
  'test/45-hub/35-corrupted.test.ts',
  'test/60-cli/42-run-input.test.ts',
];
const fuzzer = fileURLToPath(new URL('fuzz.mjs', import.meta.url));

const mocha = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url));
const { status } = spawnSync(process.execPath, [mocha, ...tests], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, LLAMA_TEST_KILLS: N_KILLS, LLAMA_TEST_CORRUPT_TRANSFERS: N_CORRUPT_TRANSFERS },
  stdio: 'inherit',
});
const fuzzed = spawnSync(process.execPath, [fuzzer], { stdio: 'inherit' });
process.exitCode = status || (fuzzed.status ?? 1);
