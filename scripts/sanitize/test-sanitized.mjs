// Ends the addon's pools of threads at random moments under ThreadSanitizer, AddressSanitizer and UndefinedBehaviorSanitizer,
// LLAMA_TEST_ENDINGS times each. Then builds the addon with the latter two and runs the tests of its backends with it. Any
// finding ends the run. Needs GCC on Linux.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { lookupFiles } from 'mocha/lib/cli/lookup-files.js';
import { root, runNode } from '../npm.mjs';
import { readDurations } from '../test/durations.mjs';
import { groupFiles } from '../test/group-files.mjs';
import { closingLines } from '../test/report.mjs';
import { runGroups } from '../test/run-groups.mjs';
import { runEndings } from './sanitized-checks.mjs';

/** Titles of the tests on the addon's backends; the others have no C++ to look at. */
const TITLES = String.raw`\bon (the )?(amx|avx512vnni|avx512|avx2|neon|generic|addon)\b`;
const TESTS = ['test/30-kernels/*.test.ts', 'test/50-runtime/10-golden-logits.test.ts'];
/** Instrumented code is several times slower. */
const TIMEOUT_MS = 120_000;
const ENDINGS = Number(process.env.LLAMA_TEST_ENDINGS ?? 100);
const SEED = Number(process.env.LLAMA_TEST_SEED ?? 1);

for (const sanitizer of ['thread', 'address,undefined']) {
  console.log(`pools of threads that end in a run, -fsanitize=${sanitizer}:`);
  await runEndings(sanitizer, ENDINGS, SEED);
}

runNode(path.join(root, 'scripts/build/build-native.mjs'), ['--sanitize']);
const compiler = process.env.CXX || 'c++';
const runtime = execFileSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
process.chdir(root);
const files = TESTS.flatMap((pattern) => lookupFiles(pattern));
const results = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-sanitized-'));
const args = [
  ...['--require', path.join(root, 'scripts/sanitize/sanitized-addon.cjs'), '--grep', TITLES],
  ...['--timeout', String(TIMEOUT_MS)],
];
const env = {
  ...process.env,
  LD_PRELOAD: runtime,
  // What is not of this machine is not to be sanitized here.
  LLAMA_TEST_STRICT: '',
  // Node itself frees nothing at its end.
  ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:allocator_may_return_null=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
};
try {
  const nJobs = os.availableParallelism();
  const groups = groupFiles(files, readDurations());
  const outcomes = await runGroups(groups, { nJobs, env, results, args, show: showFindings });
  const { lines, hasFailed } = closingLines(outcomes);
  console.log(lines.join('\n'));
  const nPassed = outcomes.reduce((sum, { passed }) => sum + passed, 0);
  if (nPassed === 0) console.error('no test ran on the addon');
  process.exitCode = hasFailed || nPassed === 0 ? 1 : 0;
} finally {
  fs.rmSync(results, { recursive: true, force: true });
}

/** Shows what a process printed, without the lines of tests that passed: there are thousands. */
function showFindings(output) {
  const lines = String(output).split('\n');
  process.stdout.write(lines.filter((line) => line.trim() !== '' && !/^\s+✔|^ {2,}on /.test(line)).join('\n'));
}
