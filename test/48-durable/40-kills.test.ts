// Kills the real command at random moments: the target is absent, the old file or the new one, and a rerun completes it.
//
// LLAMA_TEST_KILLS sets how many times; scripts/fuzz/nightly.mjs asks for 200.

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { llamaBin, succeed } from '../helpers/run-llama.js';
import { contentOf, hiddenIn, MEDIUM, withFolder, writeCheckpoint } from './support.js';

const OLD = 'the file that was there before';
const N_KILLS = Number(process.env.LLAMA_TEST_KILLS ?? 3);

describe('a command that is killed', () => {
  for (const [what, args] of [
    ['export', ['export', 'm.bin', '--hf', 'model', '--version', '2', '--force']],
    ['quantize', ['quantize', 'input.bin', 'm.bin', '--force']],
  ] as const) {
    it(`(${what}) leaves no partial file under the output's name, and the next run gives the same bytes`, async function () {
      this.timeout(60_000 + N_KILLS * 30_000);
      await withFolder(async (folder) => {
        await mkdir(join(folder, 'model'));
        await writeCheckpoint(join(folder, 'model'), MEDIUM);
        await succeed(['export', 'input.bin', '--hf', 'model'], { cwd: folder });
        const target = join(folder, 'm.bin');
        const writeMs = await timeWriting(args, folder);
        const expected = await readFile(target);
        const moments = { absent: 0, old: 0, new: 0, resumed: 0 };
        for (let kill = 0; kill < N_KILLS; kill++) {
          await rm(target);
          if (kill % 2 === 1) await writeFile(target, OLD);
          const killMs = Math.random() * 1.1 * writeMs;
          await killDuring(args, folder, killMs);
          const found = await readFile(target).catch(() => null);
          const state = found === null ? 'absent' : found.equals(Buffer.from(OLD)) ? 'old' : 'new';
          if (state === 'new') assert.ok(found!.equals(expected), `half a file, killed after ${killMs} ms`);
          else assert.equal(state, kill % 2 === 1 ? 'old' : 'absent', `killed after ${killMs} ms`);
          const { stdout } = await succeed(args, { cwd: folder });
          assert.ok((await readFile(target)).equals(expected), `other bytes after a kill after ${killMs} ms`);
          assert.deepEqual(await hiddenIn(folder), [], `killed after ${killMs} ms`);
          moments[state]++;
          if (/run that was killed/.test(stdout)) moments.resumed++;
        }
        if (process.env.LLAMA_TEST_KILLS !== undefined) {
          process.stdout.write(`      ${N_KILLS} kills: ${JSON.stringify(moments)}\n`);
        }
      });
    });
  }

  it("(convert to a folder) leaves no partial folder under the output's name, and the next run gives the same bytes", async function () {
    this.timeout(60_000 + N_KILLS * 30_000);
    await withFolder(async (folder) => {
      await mkdir(join(folder, 'model'));
      await writeCheckpoint(join(folder, 'model'), MEDIUM);
      const args = ['convert', 'model', 'm.bin', '--to', 'safetensors', '--type', 'f32', '--force'];
      await succeed(['convert', 'model', 'old', '--to', 'safetensors', '--shard-size', '4MB'], { cwd: folder });
      const [target, aside] = ['m.bin', '.m.bin.old-folder'].map((name) => join(folder, name));
      const old = await contentOf(join(folder, 'old'));
      const writeMs = await timeWriting(args, folder);
      const expected = await contentOf(target!);
      const moments = { absent: 0, old: 0, aside: 0, new: 0 };
      for (let kill = 0; kill < N_KILLS; kill++) {
        await rm(target!, { recursive: true });
        if (kill % 2 === 1) await cp(join(folder, 'old'), target!, { recursive: true });
        const killMs = Math.random() * 1.1 * writeMs;
        await killDuring(args, folder, killMs);
        const found = await contentOf(target!).catch(() => null);
        // No system call swaps two folders: a kill between two renames leaves the old one aside.
        const isAside = found === null && kill % 2 === 1;
        const state = isAside ? 'aside' : found === null ? 'absent' : found.size === old.size ? 'old' : 'new';
        if (state === 'new') assert.deepEqual(found, expected, `half a folder, killed after ${killMs} ms`);
        else if (state !== 'absent') {
          assert.deepEqual(isAside ? await contentOf(aside!) : found, old, `killed after ${killMs} ms`);
        }
        await succeed(args, { cwd: folder });
        assert.deepEqual(await contentOf(target!), expected, `other bytes after a kill after ${killMs} ms`);
        assert.deepEqual(await hiddenIn(folder), [], `killed after ${killMs} ms`);
        moments[state]++;
      }
      if (process.env.LLAMA_TEST_KILLS !== undefined) {
        process.stdout.write(`      ${N_KILLS} kills: ${JSON.stringify(moments)}\n`);
      }
    });
  });
});

function start(args: readonly string[], cwd: string) {
  const child = spawn(process.execPath, [llamaBin, ...args], { cwd, stdio: 'ignore' });
  let isOver = false;
  const over = new Promise<void>((resolve) =>
    child.on('exit', () => {
      isOver = true;
      resolve();
    }),
  );
  /** Resolves when the output's lock is there. */
  const writing = async (): Promise<void> => {
    const isLocked = () =>
      readlink(join(cwd, '.m.bin.lock')).then(
        () => true,
        () => false,
      );
    while (!isOver && !(await isLocked())) await delay(1);
  };
  return { child, over, writing };
}

/** Milliseconds from the lock to the end. */
async function timeWriting(args: readonly string[], cwd: string): Promise<number> {
  const { over, writing } = start(args, cwd);
  await writing();
  const from = performance.now();
  await over;
  return performance.now() - from;
}

/** Kills the command some time after it took the lock. */
async function killDuring(args: readonly string[], cwd: string, afterMs: number): Promise<void> {
  const { child, over, writing } = start(args, cwd);
  await writing();
  await Promise.race([delay(afterMs), over]);
  child.kill('SIGKILL');
  await over;
}
