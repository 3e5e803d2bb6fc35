// What the loader finds in an installation: nothing native, or the package of the platform.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { probes } from './support/backends.js';
import { type Installed, installKernels, installPackage, loadInstalled } from './support/installation.js';

const packScript = fileURLToPath(new URL('../../scripts/build/pack-kernels.mjs', import.meta.url));
const isNative = (backend: string) => backend !== 'wasm' && backend !== 'reference';

describe('an installation of @llama-ts/kernels without native kernels', () => {
  let folder: string;
  let kernels: Installed;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kernels-installed-'));
    kernels = await loadInstalled(installKernels(folder));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('opens WebAssembly', async () => {
    const opened = await kernels.openKernels({ threads: 1 });
    assert.equal(opened.backend, 'wasm');
    await opened.close();
  });

  it('reports for every native backend why it cannot run, and a command', async () => {
    const rejected = (await kernels.probeBackends()).filter(({ rejection }) => rejection !== null);
    assert.deepEqual(
      rejected.map(({ backend }) => backend),
      probes.map(({ backend }) => backend).filter(isNative),
    );
    for (const { backend, rejection } of rejected) {
      const { code, message, suggestions } = rejection as Error & { code: string; suggestions: string[] };
      if (code === 'BACKEND_UNAVAILABLE') {
        assert.match(message, /local build: .*; @llama-ts\/kernels-\w+-\w+.*: /);
        assert.match(suggestions[0]!, /^install it: npm install @llama-ts\/kernels-/);
      } else {
        assert.equal(code, 'BACKEND_UNSUPPORTED', backend);
        assert.match(suggestions[0]!, /leave out --backend/);
      }
    }
  });

  it('refuses a native backend that is asked for, with a command, and opens no other', async () => {
    await assert.rejects(kernels.openKernels({ backend: 'generic' }), (error: Error & { suggestions: string[] }) => {
      assert.match(error.message, /^backend generic cannot run here: generic: no native kernels: local build: /);
      assert.match(error.suggestions.join(), /^install it: npm install @llama-ts\/kernels-.*: llama doctor$/);
      return true;
    });
  });
});

describe('the packages of scripts/build/pack-kernels.mjs', () => {
  it('make the native backends run without a local build', async function () {
    // Without a compiler there is nothing to pack.
    if (!probes.some(({ backend, rejection }) => isNative(backend) && rejection === null)) this.skip();
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), 'kernels-packed-'));
    try {
      execFileSync(process.execPath, [packScript, join(folder, 'packed')]);
      const scope = join(folder, 'node_modules/@llama-ts');
      for (const name of readdirSync(join(folder, 'packed'))) {
        cpSync(join(folder, 'packed', name), join(scope, name), { recursive: true });
      }
      const manifestOf = (name: string) => JSON.parse(readFileSync(join(scope, name, 'package.json'), 'utf8'));
      const { version, optionalDependencies } = manifestOf('kernels');
      const [packed] = readdirSync(scope).filter((name) => name !== 'kernels');
      installPackage(folder, 'base', ['dist', 'package.json']);
      assert.equal(optionalDependencies[`@llama-ts/${packed}`], version);
      const { os, cpu } = manifestOf(packed!);
      assert.deepEqual([os, cpu], [[process.platform], [process.arch]]);

      const found = await (await loadInstalled(join(scope, 'kernels'))).probeBackends();
      const running = (list: typeof found) =>
        list.filter(({ rejection }) => rejection === null).map(({ backend }) => backend);
      assert.deepEqual(running(found), running(probes));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
