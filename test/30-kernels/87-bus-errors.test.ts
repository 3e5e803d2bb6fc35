// Bus errors: pages that a shorter file lacks read as zeros, and everything else is what it is without our handler.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, compiler } from './support/compile-native.js';

/** The scenario that the program runs, and what it prints or how it ends. */
const scenarios: Readonly<Record<string, readonly [scenario: string, expected: string]>> = {
  'a page that a shorter file lacks reads as zero and is remembered': ['cut', '0, shrank 1, handled 0'],
  'a handler that was there before is not called for it': ['ours-not-needed', '0, shrank 1, handled 0'],
  'a handler on top of ours that calls it is called once, after maps were closed and opened': [
    'chained-on-top',
    '0, shrank 1, handled 1',
  ],
  'an error of the device ends the process': ['object-error', 'SIGBUS'],
  'an error of the memory ends the process': ['memory-error', 'SIGBUS'],
  'a page of the file that cannot be read ends the process': ['disk-error', 'SIGBUS'],
  'an address in no map ends the process': ['other-address', 'SIGBUS'],
  'a signal sent by a process ends the process': ['sent', 'SIGBUS'],
  'a previous handler without information gets the error': ['previous-plain', 'handled 1'],
  'a previous handler with information gets the error and its address': ['previous-info', 'zeros 0, handled 1'],
  'a previous handler for one signal gets one': ['previous-once', 'handled 1 SIGBUS'],
  'a signal sent by a process is ignored where signals were ignored': ['previous-ignores', 'alive'],
  'a fault ends the process even so': ['previous-ignores-fault', 'SIGBUS'],
};

describe('bus errors over a mapped file (skipped without a C++ compiler, and where signals cannot be made up)', () => {
  let folder: string;
  let program: string;

  before(function () {
    if (process.platform !== 'linux' || compiler === undefined) this.skip();
    this.timeout(120_000);
    folder = mkdtempSync(join(tmpdir(), 'llama-bus-errors-'));
    program = join(folder, 'bus-errors');
    compile(
      program,
      ['checks/bus-errors.cc', 'addon/file-memory.cc', 'addon/huge-pages.cc', 'addon/mapped-ranges.cc'],
      ['-pthread'],
    );
  });
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  for (const [title, [scenario, expected]] of Object.entries(scenarios)) {
    it(title, () => {
      const { stdout, signal, status } = spawnSync(program, [scenario, join(folder, 'map')], { encoding: 'utf8' });
      assert.equal([stdout.trim(), signal ?? ''].filter(Boolean).join(' '), expected, `status ${status}`);
    });
  }
});
