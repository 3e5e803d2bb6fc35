// The choices that kernels make for a core: each gives the bits of the reference, and a forced one is obeyed or refused.

import { strict as assert } from 'node:assert';
import { type Kernels, type Matrix, openKernels, prefetchTargets, type Tuning } from '@llama-ts/kernels';
import { compute } from './support/arena.js';
import { assertSameBits } from './support/assert-bits.js';
import { probes } from './support/backends.js';
import { assertFails } from './support/failure.js';
import { anyPanels, inPanels } from './support/literal-panels.js';
import { uniform } from './support/random.js';

/** Sixteen groups a row, so that rows can be streamed, and rows that sixteen does not divide. */
const [ROWS, COLS, GROUP_SIZE] = [37, 1024, 64];
/** Single tokens, few and more: streamed or in panels, as the choice says. */
const BATCHES = [1, 2, 3, 5, 8, 9];

const choices: readonly Partial<Tuning>[] = [
  ...prefetchTargets.flatMap((prefetch) =>
    [0, 64, 12288, 2 ** 20].map((prefetchBytes) => ({ prefetch, prefetchBytes })),
  ),
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((streamTokens) => ({ streamTokens })),
  ...[4096, 2 ** 24].map((shareBytes) => ({ shareBytes })),
  ...[0, 100, 1e6].map((spins) => ({ spins })),
];

const DTYPES = ['Q8', 'Q4'] as const;
const tunable = probes.filter(({ tuning }) => tuning !== null);
const expected = new Map<number, Float32Array>();

describe('the tuning of kernels', () => {
  before(async () => {
    const kernels = await openKernels({ backend: 'reference' });
    for (const n of BATCHES) expected.set(n, await linears(kernels, n));
    await kernels.close();
  });

  for (const { backend } of tunable) {
    for (const tuning of choices) {
      it(`${JSON.stringify(tuning)} leaves every bit as on the reference, on ${backend}`, async () => {
        const kernels = await openKernels({ backend, threads: 3, tuning });
        try {
          for (const n of BATCHES) assertSameBits(await linears(kernels, n), expected.get(n)!, `${n} tokens`);
        } finally {
          await kernels.close();
        }
      });
    }

    it(`is what the caller forces on ${backend}, with that as the reason`, async () => {
      const tuning = { prefetch: 'second-level', prefetchBytes: 4096 } as const;
      const kernels = await openKernels({ backend, tuning });
      await kernels.close();
      assert.equal(kernels.tuning!.prefetch, 'second-level');
      assert.equal(kernels.tuning!.prefetchBytes, 4096);
      assert.equal(kernels.tuning!.reasons.prefetch, 'forced');
      assert.notEqual(kernels.tuning!.reasons.spins, 'forced');
    });

    it(`streams no more tokens than ${backend} is compiled for`, async () => {
      const most = probes.find((probe) => probe.backend === backend)!.tuning!.streamTokens;
      const kernels = await openKernels({ backend, tuning: { streamTokens: 64 } });
      await kernels.close();
      assert.ok(kernels.tuning!.streamTokens >= most && kernels.tuning!.streamTokens <= 8);
    });
  }

  for (const [name, value] of [
    ['prefetch', 'third-level'],
    ['prefetchBytes', -1],
    ['prefetchBytes', 1.5],
    ['streamTokens', 0],
    ['streamTokens', 65],
    ['shareBytes', 4095],
    ['spins', Number.NaN],
    ['copyMap', 'sometimes'],
  ] as const) {
    it(`is refused where ${name} is ${value}`, () =>
      assertFails('INVALID_ARGUMENT', () => openKernels({ tuning: { [name]: value } as Partial<Tuning> })));
  }
});

/** Linear layers of `n` tokens with weights of every encoding, one output after the other. */
async function linears(kernels: Kernels, n: number): Promise<Float32Array> {
  const weights = kernels.allocate.float32(ROWS * COLS);
  weights.set(uniform(ROWS * COLS, 1));
  const values = kernels.allocate.int8(ROWS * COLS);
  const scales = kernels.allocate.float32((ROWS * COLS) / GROUP_SIZE);
  kernels.quantize(values, scales, weights, GROUP_SIZE);
  await kernels.run();
  const [rows, cols] = [ROWS, COLS];
  const matrices: Matrix[] = [
    { dtype: 'F32', rows, cols, values: weights },
    { dtype: 'Q8_0', rows, cols, groupSize: GROUP_SIZE, values, scales },
  ];
  const outputs = await compute(kernels, (arena) => {
    const x = arena.float32(uniform(n * COLS, 2));
    const panels = DTYPES.map((dtype) => inPanels(anyPanels(dtype, ROWS, COLS), (bytes) => arena.uint8(bytes)));
    return [...matrices, ...panels].map((matrix) => {
      const out = arena.out(n * ROWS);
      kernels.linear([out], [matrix], x);
      return out;
    });
  });
  return Float32Array.from(outputs.flatMap((out) => [...out]));
}
