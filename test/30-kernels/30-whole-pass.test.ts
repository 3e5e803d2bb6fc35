// Whole passes: every backend, thread count, chunk size and batch gives the bits of the reference.

import { strict as assert } from 'node:assert';
import { type Kernels, openKernels } from '@llama-ts/kernels';
import { assertSameBits } from './support/assert-bits.js';
import { onEveryBackend, probes } from './support/backends.js';
import { backendsOfCpu } from './support/backends-of-cpu.js';
import { canEmulateArm } from './support/emulated-kernels.js';
import { type GroupSize, queuePass, type TinyModel, tinyCache, tinyModel, tinyTokens } from './support/tiny-pass.js';

const N_TOKENS = 70;
const THREADS = [1, 2, 3];
const CHUNKS = [1, 7, 64, N_TOKENS];

describe('the conformance suite', () => {
  it('ran every backend that this machine can run', () => {
    for (const { backend, rejection } of probes) {
      const code = rejection === null ? 'BACKEND_UNSUPPORTED' : (rejection as { code?: string }).code;
      assert.equal(code, 'BACKEND_UNSUPPORTED', `${backend} was skipped: ${rejection?.message}`);
    }
  });

  if (process.platform === 'linux' && process.arch !== 'arm64') {
    it('ran the kernels of Arm under an emulator (skipped without one; .ci/install-tools installs it)', function () {
      if (!canEmulateArm) this.skip();
    });
  }

  if (process.platform === 'linux') {
    it('ran the instruction sets that Linux reports', () => {
      const ran = probes.filter(({ rejection }) => rejection === null).map(({ backend }) => backend);
      assert.deepEqual(ran.toSorted(), backendsOfCpu().toSorted());
    });
  }
});

const tokens = tinyTokens(N_TOKENS, 7);

for (const groupSize of [null, 64] as const) {
  for (const precision of ['float32', 'half'] as const) {
    const expected = await referenceLogits(groupSize, precision);

    describe(`a forward pass with ${groupSize === null ? 'float32' : 'quantized'} weights and a ${precision} cache`, () => {
      onEveryBackend((kernels) => {
        let model: TinyModel;
        before(async () => {
          model = await tinyModel(kernels(), groupSize);
        });
        for (const chunk of CHUNKS) {
          it(`gives the reference's logits for a prompt in chunks of ${chunk}`, async () => {
            const found = await logitsInChunks(kernels(), model, precision, chunk);
            assertSameBits(found, expected, 'logits');
          });
        }
        it("gives the reference's logits for a sequence beside others", async () => {
          const part = (part: Int32Array) => ({ cache: tinyCache(kernels(), precision), position: 0, tokens: part });
          const others = [tinyTokens(3, 8), tinyTokens(1, 9)];
          const logits = queuePass(kernels(), model, [part(others[0]!), part(tokens), part(others[1]!)]);
          await kernels().run();
          const rowLength = expected.length / N_TOKENS;
          assertSameBits(logits.subarray(3 * rowLength, (3 + N_TOKENS) * rowLength), expected, 'logits');
        });
      }, THREADS);
    });
  }
}

for (const groupSize of [8, 16, 32, 128] as const) {
  const expected = await referenceLogits(groupSize, 'float32');

  describe(`a forward pass with weights in groups of ${groupSize}`, () => {
    onEveryBackend((kernels) => {
      for (const chunk of [1, N_TOKENS]) {
        it(`gives the reference's logits for a prompt in chunks of ${chunk}`, async () => {
          const model = await tinyModel(kernels(), groupSize);
          assertSameBits(await logitsInChunks(kernels(), model, 'float32', chunk), expected, 'logits');
        });
      }
    }, THREADS);
  });
}

async function referenceLogits(groupSize: GroupSize, precision: 'float32' | 'half'): Promise<Float32Array> {
  const kernels = await openKernels({ backend: 'reference' });
  const logits = await logitsInChunks(kernels, await tinyModel(kernels, groupSize), precision, N_TOKENS);
  await kernels.close();
  return logits;
}

async function logitsInChunks(
  kernels: Kernels,
  model: TinyModel,
  precision: 'float32' | 'half',
  chunk: number,
): Promise<Float32Array> {
  const cache = tinyCache(kernels, precision);
  const parts: number[] = [];
  for (let position = 0; position < tokens.length; position += chunk) {
    const logits = queuePass(kernels, model, [
      { cache, position, tokens: tokens.subarray(position, position + chunk) },
    ]);
    await kernels.run();
    for (const logit of logits) parts.push(logit);
  }
  return Float32Array.from(parts);
}
