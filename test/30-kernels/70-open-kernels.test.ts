// Which backend opens.

import { strict as assert } from 'node:assert';
import { backendNames, openKernels } from '@llama-ts/kernels';
import { probes } from './support/backends.js';
import { assertFails, failureOf } from './support/failure.js';

describe('openKernels', () => {
  it('opens the first backend that runs on this machine', async () => {
    const kernels = await openKernels();
    assert.equal(kernels.backend, probes.find(({ rejection }) => rejection === null)?.backend);
    await kernels.close();
  });

  it('opens the reference on every machine when asked for it', async () => {
    const kernels = await openKernels({ backend: 'reference', threads: 3 });
    assert.equal(kernels.backend, 'reference');
    await kernels.close();
  });

  for (const backend of backendNames) {
    it(`opens ${backend} or reports why it cannot, and never opens another`, async () => {
      if (probes.some((probe) => probe.backend === backend && probe.rejection === null)) {
        const kernels = await openKernels({ backend });
        assert.equal(kernels.backend, backend);
        await kernels.close();
      } else {
        const error = await failureOf(() => openKernels({ backend }));
        assert.equal(error.code, 'BACKEND_UNAVAILABLE');
        assert.match(error.message, new RegExp(backend));
      }
    });
  }

  it('refuses an unknown backend, and thread counts below 1 or not whole', async () => {
    await assertFails('INVALID_ARGUMENT', () => openKernels({ backend: 'cuda' as 'wasm' }));
    for (const threads of [0, -1, 1.5, Number.NaN]) {
      await assertFails('INVALID_ARGUMENT', () => openKernels({ threads }));
    }
  });
});

describe('probeBackends', () => {
  it('lists backends from the fastest to the reference, which always runs', () => {
    const order = probes.map(({ backend }) => backendNames.indexOf(backend));
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    assert.deepEqual(probes.at(-1), { backend: 'reference', rejection: null, tuning: null, wasmModule: null });
  });
});
