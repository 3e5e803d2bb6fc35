// npm run update-lock: brings package-lock.json up to date after a dependency changed, with the integrity of every package
// and without registry addresses.
//
// npm runs in a temporary folder that holds the package.json files and the present lock alone. Beside an installed
// node_modules it would copy what is installed, which has no integrity. Versions that the lock has stay as long as the
// package.json files allow them; without a lock, npm chooses them anew.
//
// npm's own omit-lockfile-registry-resolved drops the optional packages of other platforms, so the addresses are taken
// out afterwards instead.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root, runNode } from '../npm.mjs';

const LOCK = 'package-lock.json';
const npm = process.env.npm_execpath;
if (!npm) {
  console.error('run it through npm: npm run update-lock');
  process.exit(2);
}
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'update-lock-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
for (const name of ['package.json', '.npmrc', LOCK, ...packageFiles()]) copy(name);
runNode(npm, ['install', '--package-lock-only', '--omit-lockfile-registry-resolved=false'], { cwd: folder });
const lock = JSON.parse(fs.readFileSync(path.join(folder, LOCK), 'utf8'));
for (const entry of Object.values(lock.packages)) if (entry.resolved?.startsWith('http')) delete entry.resolved;
const bare = Object.keys(lock.packages).filter((name) => lacksIntegrity(name, lock.packages[name]));
if (bare.length > 0) {
  console.error(`${LOCK} is unchanged: npm gave no integrity for ${bare.join(', ')}`);
  process.exit(1);
}
fs.writeFileSync(path.join(root, LOCK), `${JSON.stringify(lock, null, 2)}\n`);

/** The package.json of each package of this repository, from its root. */
function packageFiles() {
  const names = fs.readdirSync(path.join(root, 'packages')).map((name) => path.join('packages', name, 'package.json'));
  return names.filter((name) => fs.existsSync(path.join(root, name)));
}

function copy(name) {
  const from = path.join(root, name);
  if (!fs.existsSync(from)) return;
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.copyFileSync(from, path.join(folder, name));
}

/** Whether an entry of the lock is a downloaded package without the digest of its archive. */
function lacksIntegrity(name, entry) {
  return name.includes('node_modules/') && !entry.link && entry.integrity === undefined;
}
