// Which module the WebAssembly kernels take: what the engine can do, checked and measured, or what the caller forces.

import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ForcedTuning, openKernels, type WasmModuleName, wasmModuleNames } from '@llama-ts/kernels';
import { wasmModules } from './support/backends.js';
import { assertFails, failureOf } from './support/failure.js';
import { installKernels, loadInstalled } from './support/installation.js';

interface Api {
  validate: (bytes: Uint8Array) => boolean;
  instantiate: (module: object, imports: object) => Promise<{ exports: Record<string, unknown> }>;
}
const api = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;
const original = { validate: api.validate, instantiate: api.instantiate };

/** Opens and closes WebAssembly kernels of a package. */
async function moduleOf(from: { openKernels: typeof openKernels }, tuning: ForcedTuning = {}) {
  const kernels = await from.openKernels({ backend: 'wasm', threads: 1, tuning });
  await kernels.close();
  return kernels.wasmModule;
}

describe('the module of the WebAssembly kernels', () => {
  for (const name of wasmModules) {
    it(`is ${name} where the caller forces it`, async () => {
      assert.deepEqual(await moduleOf({ openKernels }, { wasmModule: name }), { name, reason: 'forced' });
    });
  }

  it('is a relaxed one exactly where the engine accepts relaxed SIMD, and then the one that was faster', async () => {
    const chosen = await moduleOf({ openKernels });
    if (wasmModules.length === 1) assert.deepEqual(chosen, { name: 'plain', reason: 'refused' });
    else {
      assert.match(chosen!.name, /^relaxed/);
      assert.equal(chosen!.reason, 'measured');
    }
    assert.deepEqual(await moduleOf({ openKernels }), chosen, 'it is measured once');
  });

  it('is null for other backends', async () => {
    const kernels = await openKernels({ backend: 'reference' });
    assert.equal(kernels.wasmModule, null);
    await kernels.close();
  });

  it('that does not exist is refused with those that do', async () => {
    const error = await failureOf(() => openKernels({ tuning: { wasmModule: 'fast' as WasmModuleName } }));
    assert.equal(error.code, 'INVALID_ARGUMENT');
    for (const name of wasmModuleNames) assert.ok(error.message.includes(name));
  });
});

describe('the module of the WebAssembly kernels in an engine', () => {
  const fresh = freshPackages();

  it('that refuses relaxed SIMD is the plain one, and a relaxed one is refused', async () => {
    const kernels = await fresh();
    api.validate = () => false;
    assert.deepEqual(await moduleOf(kernels), { name: 'plain', reason: 'refused' });
    await assertFails('INVALID_ARGUMENT', () => moduleOf(kernels, { wasmModule: 'relaxed' }));
  });
});

// An engine that refuses relaxed SIMD, as that of Node 20 does, computes none.
if (wasmModules.length > 1)
  describe('the module of the WebAssembly kernels in an engine whose relaxed SIMD is wrong', () => {
    const fresh = freshPackages();

    // What may be wrong: sums of four products, of two and two, look-ups, and code that was compiled well later on.
    for (const [what, distort] of [
      ['a sum', (bytes: Uint8Array, at: number) => void bytes[at + 4 * 16]!++],
      ['a sum of pairs', (bytes: Uint8Array, at: number) => void bytes[at + 5 * 16 + 12]!++],
      ['a look-up', (bytes: Uint8Array, at: number) => void bytes[at + 6 * 16 + 15]!++],
    ] as const) {
      it(`that computes ${what} wrongly is the plain one`, async () => {
        const kernels = await fresh();
        withProbe((probe) => ({
          compute: () => {
            (probe.compute as () => void)();
            distort(
              new Uint8Array((probe.memory as { buffer: ArrayBuffer }).buffer),
              (probe.address as () => number)(),
            );
          },
        }));
        assert.deepEqual(await moduleOf(kernels), { name: 'plain', reason: 'inexact' });
      });
    }

    it('whose well compiled code is wrong is the plain one', async () => {
      const kernels = await fresh();
      let nSlices = 0;
      withProbe((probe) => ({
        pairs: (repetitions: number) => (probe.pairs as (n: number) => void)(repetitions + (++nSlices > 10 ? 1 : 0)),
      }));
      assert.deepEqual(await moduleOf(kernels), { name: 'plain', reason: 'inexact' });
    });
  });

/** Loads the kernels anew at each call: what was found of an engine is kept by the package that found it. */
function freshPackages() {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'kernels-engines-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  afterEach(() => Object.assign(api, original));
  return () => loadInstalled(installKernels(mkdtempSync(join(folder, 'engine-'))));
}

/** Replaces functions of the probe of relaxed SIMD. */
function withProbe(replace: (probe: Record<string, unknown>) => Record<string, unknown>): void {
  api.instantiate = async (module, imports) => {
    const instance = await original.instantiate.call(api, module, imports);
    const isProbe = 'pairs' in instance.exports;
    return isProbe ? { exports: { ...instance.exports, ...replace(instance.exports) } } : instance;
  };
}
