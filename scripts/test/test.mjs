// npm test: makes the clone ready and runs every test, or the tests in the files that are named.
//
// usage: npm test -- [--jobs N] [--again] [--record] [FILE or GLOB …]
// Test files run in N processes at once, as many as there are cores unless --jobs says otherwise; --again gives what failed a
// second try, alone, and lists it; --record writes how long each file took to test/durations.json. A token that leaks fails
// the run (canary.mjs).

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { lookupFiles } from 'mocha/lib/cli/lookup-files.js';
import { prepare } from '../install/prepare.mjs';
import { root } from '../npm.mjs';
import { setCanary } from './canary.mjs';
import { readDurations, recordDurations } from './durations.mjs';
import { groupFiles } from './group-files.mjs';
import { closingLines } from './report.mjs';
import { runAgain } from './run-again.mjs';
import { runGroups } from './run-groups.mjs';

const { values, positionals } = parseArgs({
  options: {
    jobs: { type: 'string' },
    again: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const nJobs = Number(values.jobs ?? os.availableParallelism());
if (!Number.isInteger(nJobs) || nJobs < 1) {
  console.error(`--jobs: ${values.jobs}, expected a whole number from 1`);
  process.exit(2);
}

prepare();
process.chdir(root);
const patterns = positionals.length > 0 ? positionals : ['test/**/*.test.ts'];
const files = [...new Set(patterns.flatMap((pattern) => lookupFiles(pattern).map(repositoryPath)))];
const { env, leaks } = setCanary();
const results = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-test-results-'));
let outcomes;
let found;
try {
  outcomes = await runGroups(groupFiles(files, readDurations()), { nJobs, env, results });
  if (values.again) outcomes = await runAgain(outcomes, { env, results });
} finally {
  fs.rmSync(results, { recursive: true, force: true });
  found = leaks();
}
if (values.record) recordDurations(outcomes);
for (const leak of found) console.error(`the token of this run leaked: ${leak}`);
const { lines, hasFailed } = closingLines(outcomes);
console.log(lines.join('\n'));
process.exitCode = hasFailed || found.length > 0 ? 1 : 0;

/** A file's path from the repository's root, with slashes. */
function repositoryPath(file) {
  return path.relative(root, path.resolve(file)).replaceAll(path.sep, '/');
}
