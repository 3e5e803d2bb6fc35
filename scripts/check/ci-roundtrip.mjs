// npm run ci:roundtrip: exports a model as v1 and v2 and verifies v2 against v1, as a gate for CI.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { prepare } from '../install/prepare.mjs';
import { root } from '../npm.mjs';

const usage = `usage: npm run ci:roundtrip -- [--hf DIR_OR_REPO] [--max-error E] [--json]

Exports the model (default: the bundled one) as v1 and as v2, and runs
llama verify V2 --against V1 with a bound on every tensor: half a scale step per
group, or --max-error E on |weight - value * scale|. Exit status: 0 within the
bound, 3 beyond it.`;

const llama = path.join(root, 'packages', 'cli', 'bin', 'run.js');

/** @returns {{ hf?: string, 'max-error'?: string, json: boolean, help: boolean }} */
function flags() {
  try {
    return parseArgs({
      options: {
        hf: { type: 'string' },
        'max-error': { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

/** Runs a command to its end and returns its exit status. */
function run(args, stdio = 'inherit') {
  const { status, error } = spawnSync(process.execPath, [llama, ...args], { stdio });
  if (error) throw error;
  return status ?? 1;
}

const { hf, 'max-error': maxError, json, help } = flags();
if (help) {
  console.log(usage);
  process.exit(0);
}
prepare();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-roundtrip-'));
try {
  const [v1, v2] = ['v1.bin', 'v2.bin'].map((name) => path.join(folder, name));
  const source = hf === undefined ? [] : ['--hf', hf];
  const bound = maxError === undefined ? ['--max-beyond', '0'] : ['--max-error', maxError];
  process.exitCode =
    run(['export', v1, '--version', '1', ...source], ['ignore', 'ignore', 'inherit']) ||
    run(['export', v2, '--version', '2', ...source], ['ignore', 'ignore', 'inherit']) ||
    run(['verify', v2, '--against', v1, ...bound, ...(json ? ['--json'] : [])]);
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
