// Runs npm and the project's own tools the same way on every platform: Node programs, no shell.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program to its end; its output is the caller's. Leaves with its exit status when that is not 0. */
export function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a JavaScript file under this Node. */
export function runNode(file, args = [], options = {}) {
  run(process.execPath, [file, ...args], options);
}

/** Runs npm: the one that runs this, else the one on the path. */
export function runNpm(args, options = {}) {
  const npm = process.env.npm_execpath;
  if (npm) runNode(npm, args, options);
  else run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, { shell: process.platform === 'win32', ...options });
}

/** The JavaScript file of a command of an installed package, so that no `.cmd` shim is needed on Windows. */
export function commandFile(packageName, command = packageName) {
  const folder = path.join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin[command]);
}

/** `npm ci` when there is nothing installed, or not what the lock file names. */
export function installIfNeeded() {
  const lock = path.join(root, 'package-lock.json');
  const installed = path.join(root, 'node_modules', '.package-lock.json');
  if (fs.existsSync(installed) && fs.statSync(installed).mtimeMs >= fs.statSync(lock).mtimeMs) return;
  console.error('Installing packages (npm ci) …');
  runNpm(['ci']);
  fs.utimesSync(installed, new Date(), new Date());
}
