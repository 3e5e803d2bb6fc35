// Memory and threads that are not to be had: an error of the toolkit, and never slower kernels instead.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { type Kernels, MAX_THREADS, openKernels } from '@llama-ts/kernels';
import { probes } from './support/backends.js';
import { assertFails } from './support/failure.js';

/** More than any machine has, and than an array may have. */
const LENGTHS = [2 ** 42, 2 ** 52];

describe('more memory than the machine has', () => {
  for (const { backend } of probes.filter(({ rejection }) => rejection === null)) {
    describe(`on ${backend}`, () => {
      let kernels: Kernels;
      before(async () => {
        kernels = await openKernels({ backend, threads: 1 });
      });
      after(() => kernels.close());

      for (const name of ['float32', 'int8', 'int32', 'uint16', 'uint8', 'filled'] as const) {
        it(`makes allocate.${name} fail with LIMIT_EXCEEDED, and the next call works`, async () => {
          for (const length of LENGTHS) await assertFails('LIMIT_EXCEEDED', () => kernels.allocate[name](length));
          assert.equal(kernels.allocate[name](3).length, 3);
        });
      }
      it('does not hide that a length is negative, fractional or NaN', async () => {
        for (const length of [-1, 1.5, Number.NaN]) {
          await assertFails('INVALID_ARGUMENT', () => kernels.allocate.float32(length));
        }
      });
    });
  }
});

describe('threads of kernels', () => {
  it('beyond the limit are refused by an error that names the limit', async () => {
    const error = await openKernels({ threads: MAX_THREADS + 1 }).catch(
      (reason: unknown) => reason as Error & { code: string },
    );
    assert.ok(error instanceof Error && 'code' in error);
    assert.equal(error.code, 'INVALID_ARGUMENT');
    assert.match(error.message, new RegExp(`from 1 to ${MAX_THREADS}`));
  });

  it('that the system refuses to start are LIMIT_EXCEEDED, and no other backend is opened instead', function () {
    // The system does not count processes of root.
    if (process.platform !== 'linux') this.skip();
    const script = `
      import { openKernels } from '@llama-ts/kernels';
      console.log(await openKernels({ threads: 256 }).then((k) => k.backend, (error) => error.code));
      process.exit();`;
    // Address space for the program and some of the stacks.
    const limited = `ulimit -s 1000000 && ulimit -v 60000000 && exec "$0" --input-type=module -e "$1"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', limited, process.execPath, script], {
      encoding: 'utf8',
      cwd: import.meta.dirname,
    });
    assert.equal(stdout.trim(), 'LIMIT_EXCEEDED', stderr);
  });
});
