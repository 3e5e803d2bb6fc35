// npm run test:watch: runs tests against the sources of the packages, without a build, and again whenever a file changes that they
// load (with --once: one time; with --unhurried after it: with ten times the time for each test).
//
// usage: npm run test:watch -- [--once [--unhurried]] FILE or GLOB …
// Kernels are the last build's all the same, as most of them are compiled, and so is what a test starts as a process.

import path from 'node:path';
import { lookupFiles } from 'mocha/lib/cli/lookup-files.js';
import { commandFile, root, runNode } from '../npm.mjs';

const isOnce = process.argv[2] === '--once';
const isUnhurried = isOnce && process.argv[3] === '--unhurried';
const patterns = process.argv.slice(2 + Number(isOnce) + Number(isUnhurried));
if (patterns.length === 0) {
  console.error("usage: npm run test:watch -- [--once] FILE or GLOB …, for example 'test/10-format/*.test.ts'");
  process.exit(2);
}
process.chdir(root);
const files = patterns.flatMap((pattern) => lookupFiles(pattern));
const watch = isOnce ? [] : ['watch', '--clear-screen=false'];
// tsx loads the sources, so Mocha's configuration, which starts a process with tsx, is left out.
const patience = isUnhurried ? ['--require', path.join(import.meta.dirname, 'unhurried.mjs')] : [];
const mocha = [commandFile('mocha'), '--no-config', '--timeout', '60000', ...patience, ...files];
runNode(commandFile('tsx'), [...watch, '--tsconfig', path.join('test', 'tsconfig.sources.json'), ...mocha]);
