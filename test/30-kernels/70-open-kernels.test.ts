// Which backend opens.

import { strict as assert } from 'node:assert';
import { backendNames, openKernels } from '@llama-ts/kernels';
import { probes } from './support/backends.js';
import { assertFails, failureOf } from './support/failure.js';

describe('openKernels', () => {
  it('opens the first backend that runs here', async () => {
    const kernels = await openKernels();
    assert.equal(kernels.backend, probes.find(({ rejection }) => rejection === null)?.backend);
    await kernels.close();
  });

  it('opens the reference everywhere when asked', async () => {
    const kernels = await openKernels({ backend: 'reference', threads: 3 });
    assert.equal(kernels.backend, 'reference');
    await kernels.close();
  });

  for (const backend of backendNames) {
    it(`opens ${backend} or says why not, and never another`, async () => {
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

  it('refuses a name that is no backend, and thread counts that are none', async () => {
    await assertFails('INVALID_ARGUMENT', () => openKernels({ backend: 'cuda' as 'wasm' }));
    for (const threads of [0, -1, 1.5, Number.NaN]) {
      await assertFails('INVALID_ARGUMENT', () => openKernels({ threads }));
    }
  });
});

describe('probeBackends', () => {
  it('goes from the fastest to the reference, which always runs', () => {
    const order = probes.map(({ backend }) => backendNames.indexOf(backend));
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
    assert.deepEqual(probes.at(-1), { backend: 'reference', rejection: null });
  });
});
