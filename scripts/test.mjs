// npm test: makes the clone ready and runs every test, or those whose files are named.

import path from 'node:path';
import { commandFile, root, runNode } from './npm.mjs';
import { prepare } from './prepare.mjs';

prepare();
const named = process.argv.slice(2);
runNode(commandFile('mocha'), [
  '--reporter',
  path.join(root, 'scripts', 'counting-reporter.cjs'),
  ...(named.length > 0 ? named : ['test/**/*.test.ts']),
]);
