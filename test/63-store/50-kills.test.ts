// Kills the real command at random moments of the first use: the store works, and the next run ends with the right model.
//
// LLAMA_TEST_KILLS sets how many times; scripts/fuzz/nightly.mjs asks for 200.

import { strict as assert } from 'node:assert';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sha256 } from '../helpers/digests.js';
import { assertHolds, filesOf, REPO, type StoreBench, withStore } from './support.js';

const N_KILLS = Number(process.env.LLAMA_TEST_KILLS ?? 20);
const PULL = ['pull', `${REPO}:q8`];

describe('a first use that is killed', function () {
  this.timeout(120_000 + N_KILLS * 30_000);

  it('leaves a store that works, and the next run ends with the right model and nothing else', () =>
    withStore(async (bench) => {
      const { store, succeed, json } = bench;
      await succeed(['pull', `${REPO}:q4`]);
      const started = performance.now();
      await succeed(PULL);
      const wholeMs = performance.now() - started;
      const expected = await modelDigests(store);
      const moments = { nothing: 0, parts: 0, model: 0, named: 0 };
      for (let kill = 0; kill < N_KILLS; kill++) {
        await succeed(['rm', `${REPO}:q8`]);
        // Every other time the download is killed too.
        if (kill % 2 === 1) await rm(join(bench.folder, 'hf'), { recursive: true, force: true });
        await killAfter(bench, Math.random() * 1.1 * wholeMs);
        moments[await stateOf(store)]++;
        const { models } = await json(['list']);
        assert.ok(models.length === 1 || models.length === 2);
        await succeed(['run', `${REPO}:q4`, 'Once', '-n', '1'], { env: { HF_HUB_OFFLINE: '1' } });
        await succeed(PULL);
        assert.deepEqual(await modelDigests(store), expected);
        await assertHolds(store, { models: 2, names: 2 });
      }
      if (process.env.LLAMA_TEST_KILLS !== undefined) {
        process.stdout.write(`      ${N_KILLS} kills: ${JSON.stringify(moments)}\n`);
      }
    }));
});

async function killAfter({ start }: StoreBench, afterMs: number): Promise<void> {
  const child = start(PULL);
  const over = new Promise((resolve) => child.on('exit', resolve));
  await Promise.race([delay(afterMs), over]);
  child.kill('SIGKILL');
  await over;
}

/** How far it had come. */
async function stateOf(store: string): Promise<'nothing' | 'parts' | 'model' | 'named'> {
  const files = await filesOf(store);
  const count = (pattern: RegExp): number => files.filter((path) => pattern.test(path)).length;
  if (count(/^names\/[0-9a-f]+\.json$/) === 2) return 'named';
  if (count(/^files\/[0-9a-f]+\.bin$/) === 2) return 'model';
  return files.length > 2 ? 'parts' : 'nothing';
}

/** Digests of the models by their names. Where their tokenizer and provenance come from does not change between runs. */
async function modelDigests(store: string): Promise<Record<string, string>> {
  const paths = (await filesOf(store)).filter((path) => /^files\/[0-9a-f]+\.bin$/.test(path));
  return Object.fromEntries(
    await Promise.all(paths.map(async (path) => [path, sha256(await readFile(join(store, path)))] as const)),
  );
}
