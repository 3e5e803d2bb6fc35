// npm run update-lock: writes package-lock.json anew after a dependency changed, without registry addresses.
//
// npm's own omit-lockfile-registry-resolved drops the optional packages of other platforms, so the addresses are taken
// out afterwards instead.

import fs from 'node:fs';
import path from 'node:path';
import { root, runNode } from './npm.mjs';

const npm = process.env.npm_execpath;
if (!npm) {
  console.error('run it through npm: npm run update-lock');
  process.exit(2);
}
const file = path.join(root, 'package-lock.json');
fs.rmSync(file, { force: true });
runNode(npm, ['install', '--package-lock-only', '--omit-lockfile-registry-resolved=false']);
const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
for (const entry of Object.values(lock.packages)) if (entry.resolved?.startsWith('http')) delete entry.resolved;
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
