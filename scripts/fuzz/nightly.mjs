// The long form of the reliability tests, and a summary at the end: kills of export, quantize, convert, download,
// run --input and pull, corrupted transfers, damaged files, kernels that end in a run, random clients of a server, what random
// inputs take. It fails when one of them does. Figures: docs/reliability.md.
//
// node scripts/fuzz/nightly.mjs [--kills N] [--transfers N] [--cases N] [--endings N] [--costs N] [--client-seconds N]
//   [--seed N]

import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { commandFile, root } from '../npm.mjs';

/** What a test prints of its counts. */
const FIGURES =
  /^ *(?:\d+ kills|\d+ clients|seed \d+: |\d+ of \d+ cases done|\d+ (?:templates|schemas|patterns) ).*$/gm;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    transfers: { type: 'string', default: '10000' },
    cases: { type: 'string', default: '1000000' },
    endings: { type: 'string', default: '1000' },
    costs: { type: 'string', default: '10000' },
    'client-seconds': { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1_000)) },
  },
});
const { kills, transfers, cases, endings, costs, seed } = values;

const mocha = (test) => [commandFile('mocha'), test];
const parts = [
  { name: 'kills of export, quantize and convert', args: mocha('test/48-durable/40-kills.test.ts') },
  { name: 'kills of downloads', args: mocha('test/45-hub/60-sharing.test.ts') },
  { name: 'kills of run --input', args: mocha('test/60-cli/42-run-input.test.ts') },
  { name: 'kills of first uses of a name', args: mocha('test/63-store/50-kills.test.ts') },
  { name: 'kernels that end in a run', args: mocha('test/30-kernels/85-endings.test.ts') },
  { name: 'random clients of llama serve', args: mocha('test/90-server/68-random-clients.test.ts') },
  { name: 'corrupted transfers', args: mocha('test/45-hub/35-corrupted.test.ts') },
  ...['templates', 'schemas', 'patterns'].map((kind) => ({
    name: `costs of random ${kind}`,
    args: [path.join(root, 'scripts', 'fuzz', 'fuzz-costs.mjs'), kind, costs],
  })),
  { name: 'damaged files', args: [path.join(root, 'scripts', 'fuzz', 'fuzz.mjs'), '--cases', cases, '--seed', seed] },
];
const env = {
  ...process.env,
  LLAMA_TEST_KILLS: kills,
  LLAMA_TEST_CORRUPT_TRANSFERS: transfers,
  LLAMA_TEST_ENDINGS: endings,
  LLAMA_TEST_CLIENT_SECONDS: values['client-seconds'],
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
