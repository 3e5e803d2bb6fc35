// Properties over random files: what is written is read back, and damage is refused or read correctly.

import { strict as assert } from 'node:assert';
import { ToolkitError } from '@llama-ts/base';
import {
  DTYPES,
  openSafetensors,
  parseHeader,
  parseIndex,
  type TensorSource,
  tensorSize,
  writeSafetensors,
} from '@llama-ts/safetensors';
import fc from 'fast-check';
import { fileOf } from './support.js';

const RUNS = 200;
const MUTATIONS = 4000;

const wellFormed = fc.string({ unit: 'binary', maxLength: 12 });
const source: fc.Arbitrary<TensorSource> = fc
  .record({
    name: wellFormed.filter((name) => name !== '__metadata__'),
    dtype: fc.constantFrom(...DTYPES),
    shape: fc.array(fc.nat(5), { maxLength: 3 }),
    seed: fc.nat(255),
  })
  .map(({ name, dtype, shape, seed }) => {
    // Sixteen elements fill whole bytes at any width.
    const whole = [...shape, 16];
    const size = tensorSize(dtype, whole);
    assert.ok('byteLength' in size);
    return {
      name,
      dtype,
      shape: whole,
      data: Uint8Array.from({ length: size.byteLength }, (_, i) => (i * 7 + seed) & 255),
    };
  });
const sources = fc.uniqueArray(source, { selector: ({ name }) => name, maxLength: 8 });
const metadata = fc.option(
  fc.uniqueArray(fc.tuple(wellFormed, wellFormed), { selector: ([key]) => key, maxLength: 4 }),
  {
    nil: undefined,
  },
);

async function bytesOf(tensors: readonly TensorSource[], pairs?: Iterable<readonly [string, string]>) {
  const parts: Uint8Array[] = [];
  await writeSafetensors({ write: (bytes) => void parts.push(bytes) }, tensors, { metadata: pairs });
  return new Uint8Array(Buffer.concat(parts));
}

describe('the safetensors package, on random input,', () => {
  it('reads back every tensor, every range and all metadata that it wrote', () =>
    fc.assert(
      fc.asyncProperty(sources, metadata, fc.nat(), fc.nat(), async (tensors, pairs, a, b) => {
        const bytes = await bytesOf(tensors, pairs);
        const file = await openSafetensors(new Blob([bytes]));
        assert.deepEqual(file.metadata, pairs === undefined ? null : new Map(pairs));
        assert.equal(file.tensors.size, tensors.length);
        for (const { name, dtype, shape, data } of tensors) {
          const info = file.tensors.get(name);
          assert.deepEqual([info?.dtype, info?.shape], [dtype, shape]);
          assert.ok(data instanceof Uint8Array);
          assert.deepEqual(await file.read(name), data);
          const [start, end] = [a % (data.length + 1), b % (data.length + 1)].sort((x, y) => x - y);
          assert.deepEqual(await file.read(name, { start, end }), data.slice(start, end));
        }
      }),
      { numRuns: RUNS },
    ));

  it('agrees with JSON.parse on headers that it accepts, whatever their fields', () =>
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (extra) => {
        const text = `{"x":{"extra":${extra},"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`;
        assert.equal(parseHeader(fileOf(text), fileOf(text).byteLength, 'f').tensors.size, 1);
      }),
      { numRuns: RUNS },
    ));

  it('refuses every truncated header', async () => {
    const text = '{"__metadata__":{"a":"\\u00e9"},"x":{"dtype":"U8","shape":[1,1],"data_offsets":[0,1]}}';
    for (let length = 0; length < text.length; length++) {
      const file = fileOf(text.slice(0, length), 'a');
      assert.throws(() => parseHeader(file, file.byteLength, 'f'), ToolkitError);
    }
  });

  it('refuses a mutated file with a ToolkitError, or reads what JSON.parse finds in its header', async () => {
    const samples = await Promise.all(
      fc.sample(sources, { numRuns: 20, seed: 1 }).map((s) => bytesOf(s, [['k', 'v']])),
    );
    const edit = fc.record({
      sample: fc.constantFrom(...samples),
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      remove: fc.nat(3),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 3 }),
        fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '0', '9', '-', '.', 'e', '\\', ' ', '"x":', '[['.repeat(9)),
      ),
      fixLength: fc.boolean(),
    });
    let accepted = 0;
    fc.assert(
      fc.property(edit, ({ sample, at, remove, insert, fixLength }) => {
        const headerLength = 8 + Number(Buffer.from(sample).readBigUInt64LE());
        const place = Math.floor(at * headerLength);
        const bytes = Buffer.concat([sample.subarray(0, place), Buffer.from(insert), sample.subarray(place + remove)]);
        if (fixLength && place >= 8) {
          bytes.writeBigUInt64LE(BigInt(headerLength - 8 + bytes.byteLength - sample.byteLength));
        }
        let header: ReturnType<typeof parseHeader>;
        try {
          header = parseHeader(bytes, bytes.byteLength, 'mutated');
        } catch (error) {
          assert.ok(error instanceof ToolkitError, `${error}`);
          return;
        }
        accepted++;
        const oracle = JSON.parse(bytes.subarray(8, header.headerByteLength).toString()) as Record<string, never>;
        const names = Object.keys(oracle).filter((name) => name !== '__metadata__');
        assert.deepEqual([...header.tensors.keys()].sort(), names.sort());
        let byteOffset = header.headerByteLength;
        for (const info of header.tensors.values()) {
          assert.equal(info.byteOffset, byteOffset);
          byteOffset += info.byteLength;
        }
        assert.equal(byteOffset, bytes.byteLength);
      }),
      { numRuns: MUTATIONS },
    );
    assert.ok(accepted > 0, 'no mutation was harmless: the property saw one side only');
  });

  it('throws nothing but a ToolkitError on a mutated index', () => {
    const index = Buffer.from(
      '{"metadata":{"total_size":12},"weight_map":{"a":"x-1.safetensors","b":"x-2.safetensors"}}',
    );
    fc.assert(
      fc.property(fc.nat(index.byteLength - 1), fc.uint8Array({ maxLength: 3 }), fc.nat(3), (at, insert, remove) => {
        const bytes = Buffer.concat([index.subarray(0, at), insert, index.subarray(at + remove)]);
        try {
          for (const shard of parseIndex(bytes, 'index').shards)
            assert.doesNotMatch(shard, /^\/|\\|:|\0|(^|\/)\.\.?(\/|$)/);
        } catch (error) {
          assert.ok(error instanceof ToolkitError, `${error}`);
        }
      }),
      { numRuns: MUTATIONS },
    );
  });
});
