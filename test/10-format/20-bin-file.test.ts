import assert from 'node:assert/strict';
import { bytesSource, isToolkitError } from '@llama-ts/base';
import { FOOTER_BYTES, layout, readBinFile } from '@llama-ts/format';
import fc from 'fast-check';
import { assertCode, description, joined, modelBytes, tokenizer, v2 } from './support.js';

const open = (bytes: Uint8Array) => readBinFile(bytesSource(bytes, 'm.bin'));
const { weightsEnd, tensors } = layout(v2);

describe('a .bin file', () => {
  it('with a trailer reads back everything that was written', async () => {
    const { header, trailer } = await open(modelBytes());
    assert.deepEqual(header, v2);
    assert.deepEqual(trailer?.description, description);
    assert.deepEqual(trailer?.tokenizer, tokenizer);
  });

  it('that ends after its last weight is read as a file without a trailer', async () => {
    assert.equal((await open(modelBytes(v2, null))).trailer, null);
  });

  it('of v0 is recognised by its exact length', async () => {
    const header = { ...v2, version: 0 as const, groupSize: null };
    assert.equal((await open(modelBytes(header, null))).header.version, 0);
    assert.notEqual((await open(modelBytes(header))).trailer, null);
    await assertCode(() => open(joined(modelBytes(header, null), new Uint8Array(1))), 'NOT_A_MODEL');
  });

  it('that is one byte short is refused', () =>
    assertCode(() => open(modelBytes(v2, null).subarray(0, weightsEnd - 1)), 'BAD_LENGTH'));

  for (const excess of [1, 8, FOOTER_BYTES, 500]) {
    it(`with ${excess} stray bytes after the weights is refused`, () =>
      assertCode(() => open(joined(modelBytes(v2, null), new Uint8Array(excess))), 'BAD_TRAILER'));
  }

  it('with a truncated trailer is refused', () => assertCode(() => open(modelBytes().subarray(0, -1)), 'BAD_TRAILER'));

  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`with ${value} in a norm is refused at open`, () => {
      const bytes = modelBytes(v2, null);
      new DataView(bytes.buffer).setFloat32(tensors[0]!.byteOffset + 4, value, true);
      return assertCode(() => open(bytes), 'BAD_WEIGHTS');
    });
  }

  it('with any damaged byte in header or trailer is refused with an error code', async () => {
    const whole = modelBytes();
    const places = [
      ...Array(256).keys(),
      ...Array.from({ length: whole.length - weightsEnd }, (_, i) => weightsEnd + i),
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...places), fc.integer({ min: 1, max: 255 }), async (place, difference) => {
        const damaged = whole.slice();
        damaged[place] = damaged[place]! ^ difference;
        await assert.rejects(open(damaged), isToolkitError);
      }),
      { numRuns: 1000 },
    );
  });
});
