// Digests of several streams at once against Node's own, one at a time. With the addon they are computed by its thread,
// without it by Node.

import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sha256, startSha256 } from '@llama-ts/kernels';
import { installKernels, loadInstalled } from './support/installation.js';
import { seededRandom } from './support/random.js';

/** Lengths around a block of 64 bytes, where a message's end needs one block or two, and over the thread's turns. */
const lengths = [0, 1, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 4095, 4096, 300_001, 1_000_003];

describe('startSha256', () => {
  let folder: string;
  let startByLibrary: () => Sha256;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sha256-'));
    startByLibrary = (await loadInstalled(installKernels(folder))).startSha256;
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [title, start] of [
    ['on the addon or what replaces it', () => startSha256()],
    ['without an addon', () => startByLibrary()],
  ] as const) {
    describe(title, () => {
      it("gives Node's digest for lengths around a block of 64 bytes", async () => {
        for (const length of lengths)
          assert.equal(await digestOf(start, bytes(length, 1), [length]), expected(length, 1));
      });

      it("gives Node's digest however the bytes are split", async () => {
        const next = seededRandom(2);
        for (let round = 0; round < 50; round++) {
          const length = Math.floor(next() * 20_000);
          const cuts: number[] = [];
          for (let left = length; left > 0; ) {
            const cut = Math.min(left, Math.floor(next() * (next() < 0.5 ? 70 : 9000)));
            cuts.push(cut);
            left -= cut;
          }
          assert.equal(await digestOf(start, bytes(length, round), cuts), expected(length, round));
        }
      });

      it('keeps 1 to 9 digests apart whose bytes come in turns', async () => {
        for (let count = 1; count <= 9; count++) {
          const next = seededRandom(count);
          const hashes = Array.from({ length: count }, () => ({ ours: start(), theirs: createHash('sha256') }));
          for (let round = 0; round < 20; round++) {
            for (const { ours, theirs } of hashes) {
              const piece = bytes(Math.floor(next() * (next() < 0.3 ? 200 : 100_000)), round);
              void ours.update(piece);
              theirs.update(piece);
            }
          }
          const digests = await Promise.all(hashes.map(({ ours }) => ours.digest()));
          assert.deepEqual(
            digests.map(hex),
            hashes.map(({ theirs }) => theirs.digest('hex')),
          );
        }
      });

      it('no longer reads the bytes once update has resolved', async () => {
        const hash = start();
        const buffer = new Uint8Array(new SharedArrayBuffer(100_000));
        const whole = createHash('sha256');
        for (let round = 0; round < 20; round++) {
          buffer.set(bytes(buffer.length, round));
          whole.update(buffer);
          await hash.update(buffer);
        }
        assert.equal(hex(await hash.digest()), whole.digest('hex'));
      });
    });
  }
});

describe('a process that has started digests', () => {
  const index = JSON.stringify(import.meta.resolve('@llama-ts/kernels'));
  for (const [title, rest, code] of [
    ['ends by itself once they are done', 'await hash.update(bytes); await hash.digest();', 0],
    ['stays until they are', 'hash.update(bytes).then(() => process.exit(7));', 7],
    ['ends where it leaves one open', '', 0],
    ['can exit while bytes are hashed', 'hash.update(bytes); process.exit(5);', 5],
    ['can fail while bytes are hashed', 'hash.update(bytes); throw new Error();', 1],
  ] as const) {
    it(title, () => {
      const text = `import { startSha256 } from ${index}; const bytes = new Uint8Array(2e7); const hash = startSha256(); ${rest}`;
      const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', text], {
        stdio: 'ignore',
      });
      assert.deepEqual({ status, signal }, { status: code, signal: null });
    });
  }
});

async function digestOf(start: () => Sha256, of: Uint8Array, cuts: readonly number[]): Promise<string> {
  const hash = start();
  let at = 0;
  for (const cut of cuts) {
    void hash.update(of.subarray(at, at + cut));
    at += cut;
  }
  return hex(await hash.digest());
}

function bytes(length: number, seed: number): Uint8Array {
  const next = seededRandom(seed);
  return new Uint8Array(length).map(() => Math.floor(next() * 256));
}

function expected(length: number, seed: number): string {
  return createHash('sha256').update(bytes(length, seed)).digest('hex');
}

function hex(digest: Uint8Array): string {
  return Buffer.from(digest).toString('hex');
}
