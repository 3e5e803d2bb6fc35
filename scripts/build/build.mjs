// Builds every package: types and bundles into dist/, the list of commands, then the native kernels where there is a C++
// compiler.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { commandFile, root, runNode } from '../npm.mjs';

if (!existsSync(join(root, 'packages', 'cli', 'dist'))) console.error('Building the packages for the first time …');
runNode(commandFile('typescript', 'tsc'), ['--build']);
runNode(join(import.meta.dirname, 'bundle.mjs'));
runNode(join(import.meta.dirname, 'build-manifest.mjs'));
runNode(join(import.meta.dirname, 'build-native.mjs'));
