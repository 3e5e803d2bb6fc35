// Builds every package: TypeScript to dist/.

import { commandFile, runNode } from './npm.mjs';

runNode(commandFile('typescript', 'tsc'), ['--build']);
