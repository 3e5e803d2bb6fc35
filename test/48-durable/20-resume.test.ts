// A killed export resumes after the finished tensors, and ends with the bytes of one that was not killed.

import { strict as assert } from 'node:assert';
import { mkdir, open, readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { type ExportOptions, exportModel, quantizeModel } from '@llama-ts/exporter';
import { readBinFile } from '@llama-ts/format';
import { runLlama } from '../helpers/run-llama.js';
import { finish, hiddenIn, leaveKilled, SMALL, withFolder, writeCheckpoint } from './support.js';

/** An export into `folder`/m.bin, and what it gives without interruption. */
interface Bench {
  readonly folder: string;
  readonly source: string;
  readonly target: string;
  readonly expected: Buffer;
  readonly run: (more?: Partial<ExportOptions>) => ReturnType<typeof exportModel>;
}

async function withExport(version: 1 | 2 | 3, use: (bench: Bench) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const source = join(folder, 'model');
    await mkdir(source);
    await writeCheckpoint(source, SMALL);
    const run = (more?: Partial<ExportOptions>) =>
      exportModel({ source, output: join(folder, 'm.bin'), version, ...more });
    const whole = join(folder, 'whole.bin');
    await finish(run({ output: whole }));
    await use({ folder, source, target: join(folder, 'm.bin'), expected: await readFile(whole), run });
  });
}

/** Finishes the export and compares it with one that was not killed. */
async function assertResumes({ folder, target, expected, run }: Bench, nTensors: number): Promise<void> {
  const { resumedTensors } = await finish(run());
  assert.equal(resumedTensors, nTensors);
  assert.ok(expected.equals(await readFile(target)), 'other bytes than without the kill');
  assert.deepEqual(await hiddenIn(folder), []);
}

/** Indices of the tensors in the journal of `folder`/m.bin, in the order of its lines. */
async function finishedIn(folder: string): Promise<number[]> {
  const lines = (await readFile(join(folder, '.m.bin.journal'), 'latin1')).split('\n');
  return lines.flatMap((line) => /"index":(\d+),.*}$/.exec(line)?.[1] ?? []).map(Number);
}

describe('an export that resumes a killed one', () => {
  for (const version of [1, 2, 3] as const) {
    for (const nTensors of [1, 6, 12, 19]) {
      it(`after ${nTensors} tensors of v${version} keeps what was finished and gives the same bytes`, () =>
        withExport(version, async (bench) => {
          await leaveKilled(bench.run(), bench.folder, 'm.bin', nTensors);
          await assertResumes(bench, nTensors);
        }));
    }
  }

  it('writes a tensor again whose bytes are not those of its checksum', () =>
    withExport(2, async (bench) => {
      await leaveKilled(bench.run(), bench.folder, 'm.bin', 10);
      const { layout: places } = await readBinFile(bytesSource(bench.expected, 'm.bin'));
      const finished = (await finishedIn(bench.folder)).map((index) => places.tensors[index]!);
      const [first, second] = finished.filter(({ encoding }) => encoding.isQuantized);
      await flipByte(join(bench.folder, '.m.bin.partial'), first!.byteOffset + 100);
      await flipByte(join(bench.folder, '.m.bin.partial'), second!.scalesByteOffset + 3);
      await assertResumes(bench, 8);
    }));

  it('writes again what did not reach the disk, and what no complete line of the journal lists', () =>
    withExport(1, async (bench) => {
      await leaveKilled(bench.run(), bench.folder, 'm.bin', 10);
      const { layout: places } = await readBinFile(bytesSource(bench.expected, 'm.bin'));
      const journal = join(bench.folder, '.m.bin.journal');
      const lines = (await readFile(journal, 'latin1')).split('\n');
      // The key, four tensors, and a half line of a fifth.
      await writeFile(journal, `${lines.slice(0, 5).join('\n')}\n${lines[5]!.slice(0, 40)}`);
      const kept = (await finishedIn(bench.folder)).slice(0, 4);
      const last = places.tensors[Math.max(...kept)]!;
      await truncate(join(bench.folder, '.m.bin.partial'), last.byteOffset + 5);
      await assertResumes(bench, 3);
    }));

  for (const [what, damage] of [
    ['empty', ''],
    ['of zeros', '\0'.repeat(500)],
    ['of lines that are no entries', '{"index":1}\n[]\n'],
  ] as const) {
    it(`starts over with a journal that is ${what}`, () =>
      withExport(1, async (bench) => {
        await leaveKilled(bench.run(), bench.folder, 'm.bin', 10);
        await writeFile(join(bench.folder, '.m.bin.journal'), damage);
        await assertResumes(bench, 0);
      }));
  }

  it('starts over when the source has changed, even if only its time of modification did', () =>
    withExport(2, async (bench) => {
      await leaveKilled(bench.run(), bench.folder, 'm.bin', 10);
      await utimes(join(bench.source, 'model.safetensors'), 1, 1);
      await assertResumes(bench, 0);
      await leaveKilled(bench.run({ force: true }), bench.folder, 'm.bin', 10);
      await writeCheckpoint(bench.source, SMALL, 1000);
      const fresh = join(bench.folder, 'fresh.bin');
      await finish(bench.run({ output: fresh }));
      const { resumedTensors } = await finish(bench.run({ force: true }));
      assert.equal(resumedTensors, 0);
      assert.ok((await readFile(fresh)).equals(await readFile(bench.target)));
    }));

  it('starts over with other settings, and with resume: false', () =>
    withExport(2, async (bench) => {
      for (const more of [{ groupSize: 32 }, { version: 1 as const }, { plain: true }, { resume: false }]) {
        await leaveKilled(bench.run({ force: true }), bench.folder, 'm.bin', 10);
        const fresh = join(bench.folder, 'fresh.bin');
        await finish(bench.run({ ...more, output: fresh, force: true }));
        const { resumedTensors } = await finish(bench.run({ ...more, force: true }));
        assert.equal(resumedTensors, 0, JSON.stringify(more));
        assert.ok((await readFile(fresh)).equals(await readFile(bench.target)));
        assert.deepEqual(await hiddenIn(bench.folder), []);
      }
    }));

  it('leaves nothing of either run when it is aborted', () =>
    withExport(2, async (bench) => {
      await leaveKilled(bench.run(), bench.folder, 'm.bin', 10);
      for await (const event of bench.run()) if (event.type === 'tensor-end' && event.index === 12) break;
      assert.deepEqual((await readdir(bench.folder)).sort(), ['model', 'whole.bin']);
    }));

  it('works for quantize as well, and the command reports what it kept, except with --no-resume', () =>
    withExport(1, async (bench) => {
      const input = join(bench.folder, 'whole.bin');
      const output = join(bench.folder, 'q.bin');
      const run = () => quantizeModel({ input, output, force: true });
      await finish(run());
      const expected = await readFile(output);
      await leaveKilled(run(), bench.folder, 'q.bin', 10);
      const kept = await runLlama(['quantize', input, output, '--force']);
      assert.equal(kept.exitCode, 0, kept.stderr);
      assert.match(kept.stdout, /^10 tensors were there from an earlier run, and are right$/m);
      assert.ok(expected.equals(await readFile(output)));
      await leaveKilled(run(), bench.folder, 'q.bin', 10);
      const fresh = await runLlama(['quantize', input, output, '--force', '--no-resume']);
      assert.doesNotMatch(fresh.stdout, /earlier/);
      assert.ok(expected.equals(await readFile(output)));
      assert.deepEqual(await hiddenIn(bench.folder), []);
    }));
});

async function flipByte(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, at);
  byte[0]! ^= 1;
  await file.write(byte, 0, 1, at);
  await file.close();
}
