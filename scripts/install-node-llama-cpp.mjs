// Installs node-llama-cpp outside of the workspace, for the tests that compare with llama.cpp, and prints its folder.
//
// usage: export NODE_LLAMA_CPP=$(node scripts/install-node-llama-cpp.mjs)
// The folder is made once, in the user's cache. Nothing is compiled and no package runs scripts: the binary comes as a
// package of its own.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const version = '3.22.1';
const binaries = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'win32-x64': 'win-x64',
};

const platform = `${process.platform}-${process.arch}`;
if (binaries[platform] === undefined) {
  console.error(`node-llama-cpp: no binary for ${platform}, expected one of ${Object.keys(binaries).join(', ')}`);
  process.exit(1);
}
const cache = process.env.XDG_CACHE_HOME || process.env.LOCALAPPDATA || path.join(os.homedir(), '.cache');
const folder = path.join(cache, 'llama3.2.ts', `node-llama-cpp-${version}-${platform}`);
const complete = path.join(folder, 'complete');
if (!fs.existsSync(complete)) install();
console.log(folder);

function install() {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), '{"private": true}\n');
  const packages = [`node-llama-cpp@${version}`, `@node-llama-cpp/${binaries[platform]}@${version}`];
  const options = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--save-exact'];
  const isWindows = process.platform === 'win32';
  const { status, error } = spawnSync(isWindows ? 'npm.cmd' : 'npm', ['install', ...options, ...packages], {
    cwd: folder,
    // Only the folder's name is for stdout.
    stdio: ['ignore', process.stderr, process.stderr],
    shell: isWindows,
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  fs.writeFileSync(complete, '');
}
