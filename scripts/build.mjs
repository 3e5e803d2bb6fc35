// Builds every package: types and bundles into dist/, the list of commands, then the native kernels where there is a C++
// compiler.
import { join } from 'node:path';
import { commandFile, runNode } from './npm.mjs';

runNode(commandFile('typescript', 'tsc'), ['--build']);
runNode(join(import.meta.dirname, 'bundle.mjs'));
runNode(join(import.meta.dirname, 'build-manifest.mjs'));
runNode(join(import.meta.dirname, 'build-native.mjs'));
