// Thousands of corrupted transfers, of large files (sha256) and small ones (git's digest): none gets into the cache.
//
// LLAMA_TEST_CORRUPT_TRANSFERS sets how many; scripts/fuzz/nightly.mjs asks for 10,000. LLAMA_TEST_SEED is another seed.

import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isToolkitError } from '@llama-ts/base';
import { type FakeFile, type FakeRepo, fakeRepo, noise } from '../helpers/fake-hub/fake-repo.js';
import type { Fault } from '../helpers/fake-hub/faults.js';
import { fileForgers, redirectForgers } from '../helpers/fake-hub/forgeries.js';
import { pick, type Random, seededRandom } from '../helpers/random-text.js';
import { assertBlobsTrue, download, withHub } from './support.js';

const N_TRANSFERS = Number(process.env.LLAMA_TEST_CORRUPT_TRANSFERS ?? 200);
const SEED = Number(process.env.LLAMA_TEST_SEED ?? 20_261_124);
const FILES_PER_HUB = 20;
const MAX_FILE_BYTES = 20_000;

/** What the hub does to one file: the first answers are wrong, or all of them. */
interface Plan {
  readonly faults: readonly Fault[];
  readonly isHopeless: boolean;
  /** Names of what was done, for a failure's message. */
  readonly names: string[];
}

function filesOf(random: Random): Record<string, Uint8Array> {
  return Object.fromEntries(
    Array.from({ length: FILES_PER_HUB }, (_, i) => {
      const byteLength = 1 + Math.floor(random() ** 2 * MAX_FILE_BYTES);
      return [`${i}.${i % 2 === 0 ? 'safetensors' : 'json'}`, noise(byteLength, 1 + Math.floor(random() * 1e9))];
    }),
  );
}

function drawPlan(random: Random, file: FakeFile, other: FakeFile & { path: string }): Plan {
  const names: string[] = [];
  const forged = (): Fault => {
    const [name, forger] = pick(random, Object.entries(fileForgers));
    return {
      kind: 'forge',
      forge(right) {
        names.push(name);
        return forger(right, { random, other });
      },
    };
  };
  // A connection that breaks makes the next request one for a range.
  const cut: Fault = { kind: 'cut', atByte: Math.floor(random() * file.bytes.byteLength) };
  const faults = Array.from({ length: 1 + Math.floor(random() * 3) }, forged);
  return { faults: random() < 0.5 ? [cut, ...faults] : faults, isHopeless: random() < 0.1, names };
}

/** Fails unless every name in a snapshot leads to that file's own bytes. */
async function assertSnapshotsTrue(folder: string, repo: FakeRepo): Promise<void> {
  for (const [commitId, commit] of repo.commits) {
    const snapshot = join(folder, 'snapshots', commitId);
    for (const path of await readdir(snapshot).catch(() => [])) {
      const expected = commit.get(path)!.bytes;
      assert.ok(Buffer.compare(await readFile(join(snapshot, path)), expected) === 0, `${path} has other bytes`);
    }
  }
}

describe('a corrupted transfer', () => {
  it('never gets into the cache', async function () {
    this.timeout(60_000 + N_TRANSFERS * 1_000);
    const counts = { transfers: 0, wrongAnswers: 0, refused: 0 };
    const used = new Set<string>();
    for (let round = 0; counts.transfers < N_TRANSFERS; round++) {
      const random = seededRandom(SEED + round);
      const repo = fakeRepo(filesOf(random));
      const [commit] = repo.commits.values();
      const files = [...commit!].map(([path, file]) => ({ path, ...file }));
      const plans = new Map(files.map((file, i) => [file.path, drawPlan(random, file, files.at(i - 1)!)]));
      const fault = ({ kind, path }: { kind: string; path: string }, nBefore: number): Fault | undefined => {
        const { faults, isHopeless, names } = plans.get(path) ?? { faults: [], isHopeless: false, names: [] };
        if (kind === 'resolve' && nBefore === 0 && random() < 0.2) {
          const [name, forger] = pick(random, Object.entries(redirectForgers));
          const other = files.find((file) => file.path !== path)!;
          names.push(name);
          return { kind: 'forge', forge: (right) => forger(right, { random, other }) };
        }
        if (kind !== 'file') return undefined;
        return faults[nBefore] ?? (isHopeless ? faults.at(-1) : undefined);
      };
      await withHub(repo, { fault }, async ({ folder, options }) => {
        for (const { path } of files) {
          const { names } = plans.get(path)!;
          const error = await download(options({ include: (name) => name === path })).then(
            () => null,
            (reason: unknown) => reason,
          );
          const where = `seed ${SEED}, round ${round}, ${path} after ${names.join(', ')}`;
          if (error !== null)
            assert.ok(isToolkitError(error), `${where}: ${error instanceof Error ? error.stack : error}`);
          await assertBlobsTrue(folder).catch((cause: Error) => assert.fail(`${where}: ${cause.message}`));
          await assertSnapshotsTrue(folder, repo).catch((cause: Error) => assert.fail(`${where}: ${cause.message}`));
          counts.transfers += names.length > 0 ? 1 : 0;
          counts.wrongAnswers += names.length;
          counts.refused += error === null ? 0 : 1;
          for (const name of names) used.add(name);
        }
      });
    }
    // Each kind of forgery was tried, and not all of them ended the download.
    const untried = Object.keys({ ...fileForgers, ...redirectForgers }).filter((name) => !used.has(name));
    assert.deepEqual(untried, []);
    assert.ok(counts.refused > 0 && counts.refused < counts.transfers, JSON.stringify(counts));
    if (process.env.LLAMA_TEST_CORRUPT_TRANSFERS !== undefined) {
      process.stdout.write(`      seed ${SEED}: ${JSON.stringify(counts)}, 0 in the cache\n`);
    }
  });
});
