// Seeded numbers for kernels: ordinary ones, and ones at the edges of float32.

import { seededRandom } from '../../helpers/random-text.js';
import { bitsOf, fromBits } from './assert-bits.js';
import { remember } from './remember.js';

export { seededRandom };

/** Numbers from -size to size. */
export function uniform(length: number, seed: number, size = 1): Float32Array {
  const make = () => {
    const next = seededRandom(seed);
    return new Float32Array(length).map(() => (next() * 2 - 1) * size);
  };
  return remember(['uniform', length, seed, size], make).slice();
}

/** Finite numbers with every exponent below `maxExponent`: subnormals, both zeros, tiny and huge ones. */
export function wide(length: number, seed: number, maxExponent = 254): Float32Array {
  const make = () => {
    const next = seededRandom(seed);
    return new Float32Array(length).map(() => {
      const kind = next();
      const sign = next() < 0.5 ? 0 : 0x80000000;
      if (kind < 0.1) return fromBits(sign);
      const exponent = kind < 0.2 ? 0 : Math.floor(next() * maxExponent);
      return fromBits((sign | (exponent << 23) | Math.floor(next() * 2 ** 23)) >>> 0);
    });
  };
  return remember(['wide', length, seed, maxExponent], make).slice();
}

/** The same numbers with the last 16 bits cut off. */
export function toBFloat16(x: Float32Array): Float32Array {
  return Float32Array.from(x, (value) => fromBits((bitsOf(value) & 0xffff0000) >>> 0));
}

/** Whole numbers from 0 to below `limit`. */
export function indices(length: number, seed: number, limit: number): Int32Array {
  const next = seededRandom(seed);
  return new Int32Array(length).map(() => Math.floor(next() * limit));
}
