// Ends the addon's pools of threads at random moments under ThreadSanitizer, AddressSanitizer and UndefinedBehaviorSanitizer,
// LLAMA_TEST_ENDINGS times each. Then builds the addon with the latter two and runs the tests of its backends with it. Any
// finding ends the run. Needs GCC on Linux.

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { commandFile, root, runNode } from '../npm.mjs';
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
runNode(
  commandFile('mocha'),
  [
    ...['--require', path.join(root, 'scripts/sanitize/sanitized-addon.cjs'), '--grep', TITLES, '--fail-zero'],
    ...['--reporter', 'dot', '--timeout', String(TIMEOUT_MS), ...TESTS],
  ],
  {
    env: {
      ...process.env,
      LD_PRELOAD: runtime,
      // Node itself frees nothing at its end.
      ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:allocator_may_return_null=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
    },
  },
);
