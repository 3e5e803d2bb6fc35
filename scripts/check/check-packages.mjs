// npm run check-packages: packs every package as it would be published and has publint and attw judge what users get.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { commandFile, root, runNpm } from '../npm.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llama3.2.ts-packages-'));
let isGood = true;
try {
  for (const file of pack(folder)) {
    judge('publint', file, commandFile('publint'), '--strict');
    // The packages are ESM: what node10 and require() would make of them is no question.
    judge('attw', file, commandFile('@arethetypeswrong/cli', 'attw'), '--profile', 'esm-only', '--no-definitely-typed');
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
process.exitCode = isGood ? 0 : 1;

/** Packs all packages; returns the files. */
function pack(folder) {
  runNpm(['pack', '--workspaces', '--ignore-scripts', '--pack-destination', folder], {
    stdio: ['ignore', 'ignore', 2],
  });
  const packed = fs.readdirSync(folder);
  const nPackages = fs.readdirSync(path.join(root, 'packages')).length;
  if (packed.length !== nPackages) throw new Error(`${packed.length} packages packed, expected ${nPackages}`);
  return packed.map((name) => path.join(folder, name));
}

/** Runs a checker on a file; what it says is shown when it objects. */
function judge(name, file, checker, ...flags) {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [checker, file, ...flags], {
    encoding: 'utf8',
  });
  if (error) throw error;
  const line = `${name} ${path.basename(file)}`;
  if (status === 0) {
    console.log(`${line}: good`);
    return;
  }
  isGood = false;
  console.log(`${line}: exit status ${status}\n${stdout}${stderr}`);
}
