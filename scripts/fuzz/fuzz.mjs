// A million files with random damage, each reader in a process of its own, watched for hangs and for memory.
//
// node scripts/fuzz/fuzz.mjs [--seed N] [--cases N]

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../npm.mjs';

/** No case takes a second; a machine that does other things may. */
const HANG_MS = 120_000;
const WATCH_MS = 1_000;
/** Several times what Node and the largest sample take. */
const MAX_HEAP_MIB = 512;
const MAX_PEAK_KIB = 1024 * 1024;
const child = path.join(root, 'test', '49-malformed', 'fuzz', 'fuzz-child.ts');

const { values } = parseArgs({ options: { seed: { type: 'string' }, cases: { type: 'string' } } });
const seed = Number(values.seed ?? Math.floor(Date.now() / 1_000));
const nCases = Number(values.cases ?? 1_000_000);
const scratch = mkdtempSync(path.join(tmpdir(), 'llama-fuzz-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Runs the child; resolves with what it printed. @throws Error that names the case under way */
async function run(args) {
  const worker = spawn(
    process.execPath,
    [`--max-old-space-size=${MAX_HEAP_MIB}`, '--import', 'tsx', child, scratch, ...args],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let stdout = '';
  worker.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  let before = null;
  let unchangedMs = 0;
  let hangs = false;
  const watch = setInterval(() => {
    const now = caseUnderWay();
    unchangedMs = now === before ? unchangedMs + WATCH_MS : 0;
    before = now;
    hangs = unchangedMs >= HANG_MS;
    if (hangs) worker.kill('SIGKILL');
  }, WATCH_MS);
  const [status, signal] = await new Promise((resolve) => worker.on('close', (...ended) => resolve(ended)));
  clearInterval(watch);
  if (status === 0) return stdout;
  const what = hangs ? `hangs for ${HANG_MS / 1_000} s` : `ended with ${signal ?? status}`;
  throw new Error(`${args.join(' ')}: ${what} in case ${caseUnderWay()}`);
}

function caseUnderWay() {
  try {
    return Number(readFileSync(path.join(scratch, 'case')).readBigUInt64LE());
  } catch {
    return null;
  }
}

const targets = JSON.parse(await run(['--list']));
const totalWeight = targets.reduce((sum, { weight }) => sum + weight, 0);
console.log(`seed ${seed}, ${nCases} cases`);
let nRefused = 0;
let nAccepted = 0;
let highestKiB = 0;
for (const { name, weight } of targets) {
  const cases = Math.ceil((nCases * weight) / totalWeight);
  const startedAt = performance.now();
  try {
    const { accepted, refused, peakKiB } = JSON.parse(await run([name, String(seed), '0', String(cases)]));
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    console.log(`${name}: ${refused} refused, ${accepted} read right, ${peakKiB} kB at most, ${seconds} s`);
    nRefused += refused;
    nAccepted += accepted;
    highestKiB = Math.max(highestKiB, peakKiB);
    if (peakKiB > MAX_PEAK_KIB) throw new Error(`${name}: ${peakKiB} kB, expected at most ${MAX_PEAK_KIB}`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
const outcome = `${nRefused} refused, ${nAccepted} read right, ${highestKiB} kB at most`;
console.log(`${nRefused + nAccepted} of ${nCases} cases done: ${outcome}`);
