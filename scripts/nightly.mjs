// The long form of the reliability tests, and a summary at the end: kills of export, quantize, convert, download and
// run --input, corrupted transfers, damaged files, kernels that end in a run. It fails when one of them does. Figures:
// docs/reliability.md.
//
// node scripts/nightly.mjs [--kills N] [--transfers N] [--cases N] [--endings N] [--seed N]

import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { commandFile, root } from './npm.mjs';

/** What a test prints of its counts. */
const FIGURES = /^ *(?:\d+ kills|seed \d+: |\d+ of \d+ cases done).*$/gm;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    transfers: { type: 'string', default: '10000' },
    cases: { type: 'string', default: '1000000' },
    endings: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1_000)) },
  },
});
const { kills, transfers, cases, endings, seed } = values;

const mocha = (test) => [commandFile('mocha'), test];
const parts = [
  { name: 'kills of export, quantize and convert', args: mocha('test/48-durable/40-kills.test.ts') },
  { name: 'kills of downloads', args: mocha('test/45-hub/60-sharing.test.ts') },
  { name: 'kills of run --input', args: mocha('test/60-cli/42-run-input.test.ts') },
  { name: 'kernels that end in a run', args: mocha('test/30-kernels/85-endings.test.ts') },
  { name: 'corrupted transfers', args: mocha('test/45-hub/35-corrupted.test.ts') },
  { name: 'damaged files', args: [path.join(root, 'scripts', 'fuzz.mjs'), '--cases', cases, '--seed', seed] },
];
const env = {
  ...process.env,
  LLAMA_TEST_KILLS: kills,
  LLAMA_TEST_CORRUPT_TRANSFERS: transfers,
  LLAMA_TEST_ENDINGS: endings,
  LLAMA_TEST_SEED: seed,
};

/** Runs a part to its end, its output shown as it comes. */
async function run({ name, args }) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    process.stdout.write(chunk);
  });
  const status = await new Promise((resolve) => child.on('close', resolve));
  const figures = (stdout.match(FIGURES) ?? []).map((line) => line.trim());
  return { name, passed: status === 0, minutes: (performance.now() - startedAt) / 60_000, figures };
}

const outcomes = [];
for (const part of parts) {
  console.log(`\n== ${part.name}`);
  outcomes.push(await run(part));
}
console.log(`\n== summary, seed ${seed}`);
for (const { name, passed, minutes, figures } of outcomes) {
  console.log(`${passed ? 'passed' : 'FAILED'}  ${minutes.toFixed(1).padStart(6)} min  ${name}`);
  for (const line of figures) console.log(`${' '.repeat(20)}${line}`);
}
if (outcomes.some(({ passed }) => !passed)) process.exitCode = 1;
