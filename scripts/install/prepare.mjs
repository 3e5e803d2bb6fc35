// Makes a clone ready to use: installs and builds what is missing or out of date. Quick when nothing is.

import path from 'node:path';
import { installIfNeeded, root, runNode } from '../npm.mjs';

/** Installs packages and builds them. */
export function prepare() {
  installIfNeeded();
  runNode(path.join(root, 'scripts', 'build', 'build.mjs'));
}

if (process.argv[1] === import.meta.filename) prepare();
