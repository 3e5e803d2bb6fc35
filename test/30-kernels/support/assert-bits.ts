// Equality of float32 arrays as bits, so that -0 and +0 differ; NaN equals NaN.

import { strict as assert } from 'node:assert';

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The bits of a float32. */
export function bitsOf(x: number): number {
  scratch[0] = x;
  return scratchBits[0]!;
}

/** The float32 of some bits. */
export function fromBits(bits: number): number {
  scratchBits[0] = bits;
  return scratch[0]!;
}

/** Fails at the first element whose bits differ. */
export function assertSameBits(found: Float32Array, expected: ArrayLike<number>, what = 'result'): void {
  assert.equal(found.length, expected.length, `${what}: length`);
  for (let i = 0; i < found.length; i++) {
    const a = found[i]!;
    const b = expected[i]!;
    if (Number.isNaN(a) && Number.isNaN(b)) continue;
    if (bitsOf(a) !== bitsOf(b)) assert.fail(`${what}[${i}] is ${a} (${hex(a)}), expected ${b} (${hex(b)})`);
  }
}

function hex(x: number): string {
  return `0x${bitsOf(x).toString(16).padStart(8, '0')}`;
}
