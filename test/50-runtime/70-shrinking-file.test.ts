// A mapped model whose file becomes shorter ends a pass, not the process.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { backends, modelFile } from './support.js';

const child = fileURLToPath(new URL('./shrinking-child.ts', import.meta.url));
/** They read the whole file when they open it. */
const readers = ['wasm', 'reference'];

describe('a process whose mapped model is cut (a bus error where a page is missing)', () => {
  // Windows does not shorten a mapped file.
  for (const backend of process.platform === 'win32' ? [] : backends.filter((name) => !readers.includes(name))) {
    it(`goes on after FILE_SHRANK on the ${backend} kernels`, async () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'llama-shrinking-'));
      try {
        const file = path.join(folder, 'model.bin');
        fs.copyFileSync(await modelFile('sample', 2), file);
        const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', child, file, backend]);
        assert.equal(stdout.trim(), 'FILE_SHRANK, alive');
      } finally {
        fs.rmSync(folder, { recursive: true });
      }
    }).timeout(60_000);
  }
});
