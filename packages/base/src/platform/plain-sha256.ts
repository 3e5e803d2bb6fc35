// SHA-256 in plain TypeScript, for platforms without a digest that takes bytes piece by piece.

import type { Digest } from './platform.js';

const BLOCK_BYTES = 64;
const LENGTH_BYTES = 8;

/** The first 32 bits of the fractional parts of the square roots of the first 8 primes, (8). @see FIPS 180-4, 5.3.3 */
const INITIAL = Int32Array.of(
  ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
);

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes, (64). @see FIPS 180-4, 4.2.2 */
const ROUNDS = Int32Array.of(
  ...[0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5],
  ...[0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174],
  ...[0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da],
  ...[0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967],
  ...[0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85],
  ...[0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070],
  ...[0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3],
  ...[0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2],
);

/** Begins a digest. */
export function createPlainSha256(): Digest {
  const state = INITIAL.slice();
  const block = new Uint8Array(BLOCK_BYTES);
  const words = new Int32Array(64);
  let nHeld = 0; // bytes in `block`
  let nBytes = 0; // in all

  function update(bytes: Uint8Array): void {
    nBytes += bytes.byteLength;
    for (let done = 0; done < bytes.byteLength; ) {
      if (nHeld === 0 && bytes.byteLength - done >= BLOCK_BYTES) {
        compress(state, words, bytes, done);
        done += BLOCK_BYTES;
        continue;
      }
      const part = bytes.subarray(done, done + BLOCK_BYTES - nHeld);
      block.set(part, nHeld);
      done += part.byteLength;
      nHeld = (nHeld + part.byteLength) % BLOCK_BYTES;
      if (nHeld === 0) compress(state, words, block, 0);
    }
  }

  return {
    update(bytes) {
      update(bytes);
      return this;
    },
    digest() {
      const length = new DataView(new ArrayBuffer(LENGTH_BYTES));
      length.setBigUint64(0, BigInt(nBytes) * 8n);
      const nZeros = (2 * BLOCK_BYTES - LENGTH_BYTES - 1 - (nBytes % BLOCK_BYTES)) % BLOCK_BYTES;
      update(Uint8Array.of(0x80, ...new Uint8Array(nZeros)));
      update(new Uint8Array(length.buffer));
      const digest = new DataView(new ArrayBuffer(state.byteLength));
      for (const [i, word] of state.entries()) digest.setInt32(4 * i, word);
      return new Uint8Array(digest.buffer);
    },
  };
}

/** Takes the 64 bytes at `at` into the state. @see FIPS 180-4, 6.2.2 */
function compress(state: Int32Array, words: Int32Array, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 16; i++) {
    const byte = at + 4 * i;
    words[i] = (bytes[byte]! << 24) | (bytes[byte + 1]! << 16) | (bytes[byte + 2]! << 8) | bytes[byte + 3]!;
  }
  for (let i = 16; i < 64; i++) {
    const early = words[i - 15]!;
    const late = words[i - 2]!;
    const small0 = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
    const small1 = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
    words[i] = (words[i - 16]! + small0 + words[i - 7]! + small1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const chosen = (e & f) ^ (~e & g);
    const first = (h + sum1 + chosen + ROUNDS[i]! + words[i]!) | 0;
    const sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const second = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

function rotated(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}
