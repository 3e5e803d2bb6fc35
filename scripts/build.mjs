// Builds every package: TypeScript to dist/, then the native kernels where there is a C++ compiler.
import { join } from 'node:path';
import { commandFile, runNode } from './npm.mjs';

runNode(commandFile('typescript', 'tsc'), ['--build']);
runNode(join(import.meta.dirname, 'build-native.mjs'));
