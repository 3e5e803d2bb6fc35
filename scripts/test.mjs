// npm test: makes the clone ready and runs every test, or those whose files are named. A token that leaks fails the run.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { setCanary } from './canary.mjs';
import { commandFile, root } from './npm.mjs';
import { prepare } from './prepare.mjs';

prepare();
const named = process.argv.slice(2);
const { env, leaks } = setCanary();
const reporter = path.join(root, 'scripts', 'counting-reporter.cjs');
// A machine of CI is shared: what fails there is tried once more, and the reporter lists it.
const retries = process.env.CI ? ['--retries', '1'] : [];
const args = ['--reporter', reporter, ...retries, ...(named.length > 0 ? named : ['test/**/*.test.ts'])];
const { status, error } = spawnSync(process.execPath, [commandFile('mocha'), ...args], {
  cwd: root,
  env,
  stdio: 'inherit',
});
const found = leaks();
if (error) throw error;
for (const leak of found) console.error(`the token of this run leaked: ${leak}`);
process.exitCode = status || (found.length > 0 ? 1 : 0);
