// npm run coverage: which lines of the packages' sources the tests reach, as a table, and in coverage/ as pages.
//
// usage: npm run coverage -- [FILE or GLOB …]
// The tests run against the sources, as npm run test:watch runs them. Kernels and the command line are left out: the one is compiled,
// and the other runs as a process.

import { commandFile, root, run } from '../npm.mjs';

const named = process.argv.slice(2);
const UNIT_TESTS = 'test/{10,20,25,40,45,46,48,49,50,51,52,53,54,55,56,57,58,80,81,90}-*/*.test.ts';
const program = [
  process.execPath,
  'scripts/test/watch.mjs',
  '--once',
  '--unhurried',
  ...(named.length > 0 ? named : [UNIT_TESTS]),
];
run(
  process.execPath,
  [
    commandFile('c8'),
    ...['--include', 'packages/*/src/**', '--exclude', 'packages/{kernels,cli}/**', '--exclude', '**/*.d.ts', '--all'],
    ...['--reporter', 'text', '--reporter', 'html', ...program],
  ],
  { cwd: root },
);
