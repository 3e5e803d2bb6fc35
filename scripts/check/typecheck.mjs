// Type-checks the packages (by building them), then tests, examples and benchmarks against what was built.

import { commandFile, runNode } from '../npm.mjs';

runNode(commandFile('typescript', 'tsc'), ['--build']);
runNode(commandFile('typescript', 'tsc'), ['--project', 'test/tsconfig.json']);
