// Whatever native code throws is a JavaScript error with a code.

import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, compiler } from './support/compile-native.js';

const require = createRequire(import.meta.url);
const source = fileURLToPath(new URL('./support/throwing-addon.cc', import.meta.url));

const codes = {
  bad_alloc: 'LIMIT_EXCEEDED',
  length_error: 'LIMIT_EXCEEDED',
  'no threads': 'LIMIT_EXCEEDED',
  system_error: 'INTERNAL',
  logic_error: 'INTERNAL',
  coded: 'INVALID_ARGUMENT',
  'no exception class': 'INTERNAL',
  'refused call': 'INTERNAL',
} as const;

describe('an exception in native code (skipped without a C++ compiler)', () => {
  let folder: string;
  let addon: Record<string, () => void>;

  before(function () {
    if (process.platform === 'win32' || compiler === undefined) this.skip();
    this.timeout(120_000);
    folder = mkdtempSync(join(tmpdir(), 'llama-exceptions-'));
    const target = join(folder, 'throwing.node');
    const { include_dir } = require('node-api-headers') as { include_dir: string };
    const undefinedSymbols = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
    compile(target, [source], ['-DNAPI_VERSION=8', '-isystem', include_dir, '-fPIC', '-shared', ...undefinedSymbols]);
    addon = require(target) as typeof addon;
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  for (const [name, code] of Object.entries(codes)) {
    it(`(${name}) is a JavaScript error with the code ${code}`, () => {
      assert.throws(() => addon[name]!(), { code });
    });
  }
});
