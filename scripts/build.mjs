// Builds every package: TypeScript to dist/, and the native kernels where a C++ compiler is there.

import path from 'node:path';
import { commandFile, root, runNode } from './npm.mjs';

runNode(commandFile('typescript', 'tsc'), ['--build']);
runNode(path.join(root, 'scripts', 'build-native.mjs'));
