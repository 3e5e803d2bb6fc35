// npm test: makes the clone ready and runs every test, or those whose files are named. With LLAMA_TEST_STRICT a test that
// is skipped, since something it needs is not there, fails.

import path from 'node:path';
import { commandFile, root, runNode } from './npm.mjs';
import { prepare } from './prepare.mjs';

prepare();
const named = process.argv.slice(2);
runNode(commandFile('mocha'), [
  '--reporter',
  path.join(root, 'scripts', 'counting-reporter.cjs'),
  ...(process.env.LLAMA_TEST_STRICT ? ['--forbid-pending'] : []),
  ...(named.length > 0 ? named : ['test/**/*.test.ts']),
]);
