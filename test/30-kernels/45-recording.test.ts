// Calls that are queued once and computed for token after token.

import { strict as assert } from 'node:assert';
import { growingRopeTable, type Kernels, type Recording, type Segment } from '@llama-ts/kernels';
import { onEveryBackend } from './support/backends.js';
import { assertFails } from './support/failure.js';
import { uniform } from './support/random.js';

const [nKvHeads, headDim, seqLen] = [2, 4, 5];
const N = nKvHeads * headDim;

/** One token of one layer. */
function oneToken(kernels: Kernels) {
  const { float32, int32 } = kernels.allocate;
  const [key, value, query, out] = [float32(N), float32(N), float32(N), float32(N)];
  const positions = int32(1);
  const table = growingRopeTable({ headDim, seqLen, theta: 10_000, scaling: null, allocate: kernels.allocate });
  table.fill(0, seqLen);
  const cacheOf = () => {
    const arrays = { keys: float32(N * seqLen), values: float32(N * seqLen) };
    return { nLayers: 1, nKvHeads, seqLen, headDim, ...arrays };
  };
  return {
    cacheOf,
    out,
    positions,
    /** What a token brings. */
    fill(position: number): void {
      [key, value, query].forEach((array, i) => {
        array.set(uniform(N, 100 * i + position));
      });
      positions[0] = position;
    },
    queue(segments: readonly Segment[]): void {
      kernels.rope(key, table, positions, headDim);
      kernels.store(0, key, value, segments);
      kernels.attention(out, query, 0, segments);
    },
  };
}

describe('a recording of kernel calls', () => {
  onEveryBackend((kernels) => {
    it('gives the same output at other positions as queueing the calls again', async () => {
      const outputs = async (record: () => Recording | null): Promise<Float32Array[]> => {
        const token = oneToken(kernels());
        const cache = token.cacheOf();
        const found: Float32Array[] = [];
        let recording: Recording | null = null;
        for (let position = 0; position < seqLen; position++) {
          token.fill(position);
          const segments = [{ cache, row: 0, nRows: 1, position }];
          if (recording === null) {
            token.queue(segments);
            recording = record();
          } else {
            assert.ok(recording.replay(segments));
          }
          await kernels().run();
          found.push(token.out.slice());
        }
        return found;
      };
      const replayed = await outputs(() => kernels().record());
      assert.deepEqual(replayed, await outputs(() => null));
    });

    it('is not replayed for another cache or other rows, and refuses positions past the end', async () => {
      const token = oneToken(kernels());
      const segment = { cache: token.cacheOf(), row: 0, nRows: 1, position: 0 };
      token.fill(0);
      token.queue([segment]);
      const recording = kernels().record();
      await kernels().run();
      if (recording === null) return; // computed at the call
      token.out.fill(7);
      assert.equal(recording.replay([{ ...segment, cache: token.cacheOf() }]), false);
      assert.equal(recording.replay([{ ...segment, nRows: 2 }]), false);
      assert.equal(recording.replay([segment, { ...segment, row: 1 }]), false);
      await assertFails('INVALID_ARGUMENT', () => recording.replay([{ ...segment, position: seqLen }]));
      token.positions[0] = seqLen;
      await assertFails('INVALID_ARGUMENT', () => recording.replay([{ ...segment, position: 1 }]));
      await kernels().run();
      assert.ok(
        token.out.every((x) => x === 7),
        'something was queued',
      );
    });

    it('is refused after other queued calls, which can be discarded', async () => {
      const token = oneToken(kernels());
      const segments = [{ cache: token.cacheOf(), row: 0, nRows: 1, position: 0 }];
      token.fill(0);
      token.queue(segments);
      const recording = kernels().record();
      if (recording === null) return; // computed at the call
      await assertFails('INVALID_ARGUMENT', () => recording.replay(segments));
      kernels().discard();
      token.out.fill(7);
      await kernels().run();
      assert.ok(token.out.every((x) => x === 7));
      assert.ok(recording.replay(segments));
      await kernels().run();
      assert.ok(!token.out.includes(7));
    });

    it('is made by every backend that queues calls, but not of calls with several lists of segments', async () => {
      const token = oneToken(kernels());
      const segments = [{ cache: token.cacheOf(), row: 0, nRows: 1, position: 0 }];
      token.fill(0);
      token.queue(segments);
      assert.equal(kernels().record() === null, kernels().backend === 'reference');
      token.queue([...segments]);
      assert.equal(kernels().record(), null);
      await kernels().run();
    });
  });
});
