// Repositories of GGUF files: which one is meant, what is planned, and what cannot be done with one.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { convertModel, exportModel } from '@llama-ts/exporter';
import { sampleModelPath } from '@llama-ts/sample-model';
import { canaryToken } from '../helpers/canary.js';
import { type FakeHub, startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo, filesIn } from '../helpers/fake-hub/fake-repo.js';
import { drain } from '../helpers/generators.js';
import { type LlamaRun, runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

describe('a repository of GGUF files', function () {
  this.timeout(120_000);
  let hub: FakeHub;
  let q8: Uint8Array;
  let bf16: Uint8Array;
  /** The weights that an export of the Q8_0 file to v3 has. */
  let expected: Buffer;
  before(() =>
    withFolder(async (folder) => {
      const write = async (type: 'Q8_0' | 'BF16'): Promise<Uint8Array> => {
        const output = join(folder, `${type}.gguf`);
        await drain(convertModel({ source: sampleModelPath, output, to: 'gguf', type }));
        return readFile(output);
      };
      [q8, bf16] = [await write('Q8_0'), await write('BF16')];
      const output = join(folder, 'm.bin');
      const { result } = await drain(exportModel({ source: join(folder, 'Q8_0.gguf'), output, version: 3 }));
      expected = (await readFile(output)).subarray(0, result.weightsEnd);
      const mistral = Buffer.from(q8);
      mistral.write('mamba', mistral.indexOf('general.architecture') + 'general.architecture'.length + 12);
      hub = await startFakeHub({
        repos: {
          'me/one-GGUF': fakeRepo({ 'README.md': '#', 'tiny-Q8_0.gguf': q8 }),
          'me/two-GGUF': fakeRepo({ 'quants/tiny-Q8_0.gguf': q8, 'quants/tiny BF16.gguf': bf16, 'tiny.gguf.txt': 'x' }),
          'me/other-GGUF': fakeRepo({ 'mamba.gguf': mistral }),
          'me/cut-GGUF': fakeRepo({ 'cut.gguf': q8.subarray(0, 3_000) }),
          'me/parts-GGUF': fakeRepo({ 'tiny-00001-of-00002.gguf': q8 }),
          'me/both': fakeRepo({ ...(await filesIn(sampleModelPath)), 'tiny-Q8_0.gguf': q8 }),
        },
      });
    }),
  );
  after(() => hub.stop());

  const llama = (folder: string, args: readonly string[]): Promise<LlamaRun> =>
    runLlama(args, {
      cwd: folder,
      env: { HF_ENDPOINT: hub.url, HF_HOME: join(folder, 'hf'), HF_TOKEN: canaryToken, HF_HUB_CACHE: '' },
    });
  const json = async (folder: string, args: readonly string[], exitCode = 0) => {
    const run = await llama(folder, [...args, '--json']);
    assert.equal(run.exitCode, exitCode, run.stdout + run.stderr);
    return JSON.parse(run.stdout);
  };

  const chosen: readonly (readonly [title: string, args: readonly string[]])[] = [
    ['the only one', ['me/one-GGUF']],
    ['the one that a pattern names', ['me/two-GGUF', '--file', '*Q8_0*']],
    ['the one that a path names', ['me/two-GGUF', '--file', 'quants/tiny-Q8_0.gguf']],
    ['the one beside safetensors that a pattern names', ['me/both', '--file', 'tiny-Q8_?.gguf']],
    ['the one whose page is named', ['HUB/me/two-GGUF/blob/main/quants/tiny-Q8_0.gguf']],
  ];
  for (const [title, args] of chosen) {
    it(`gives ${title}, as its plan says, and nothing of the others`, () =>
      withFolder(async (folder) => {
        const before = hub.servedBytes('quants/tiny BF16.gguf');
        const command = ['export', ...args.map((word) => word.replace('HUB', hub.url)), '--version', '3'];
        const plan = await json(folder, [...command, '--dry-run']);
        assert.deepEqual([plan.readBytes, plan.downloadBytes], [q8.byteLength, q8.byteLength]);
        const result = await json(folder, command);
        const bytes = await readFile(join(folder, result.output));
        assert.ok(bytes.subarray(0, expected.byteLength).equals(expected));
        assert.ok(bytes.byteLength <= plan.outputBytes && plan.outputs[0].path === result.output);
        assert.equal(hub.servedBytes('quants/tiny BF16.gguf'), before);
        const source = command.slice(1, -2);
        assert.equal((await json(folder, ['verify', result.output, '--against', ...source])).passed, true);
        const again = await json(folder, [...command, '--force', '--dry-run']);
        assert.equal(again.downloadBytes, 0);
      }));
  }

  it('is planned by its header, for GGUF and for v2 with its own groups, without a file', () =>
    withFolder(async (folder) => {
      const before = hub.servedBytes('tiny-Q8_0.gguf');
      const v2 = await json(folder, ['export', 'me/one-GGUF', '--version', '2', '--dry-run']);
      assert.equal(v2.groupSize, 32);
      const gguf = await json(folder, ['export', 'me/two-GGUF', 'm.gguf', '--file', '*BF16*', '--dry-run']);
      assert.equal(gguf.type, 'BF16');
      assert.ok(gguf.outputBytes >= bf16.byteLength && gguf.outputBytes < bf16.byteLength + 2_000_000);
      assert.ok(hub.servedBytes('tiny-Q8_0.gguf') - before < q8.byteLength / 2);
      const written = await json(folder, ['export', 'me/two-GGUF', 'm.gguf', '--file', '*BF16*']);
      assert.equal(written.byteLength, bf16.byteLength);
    }));

  const refused: readonly (readonly [title: string, args: readonly string[], code: string, message: RegExp])[] = [
    [
      'where several may be meant',
      ['me/two-GGUF'],
      'NOT_A_CHECKPOINT',
      /holds 2 GGUF files \(quants\/tiny-Q8_0\.gguf, quants\/tiny BF16\.gguf\)/,
    ],
    [
      'where a pattern names several',
      ['me/two-GGUF', '--file', '*tiny*'],
      'NOT_A_CHECKPOINT',
      /holds 2 GGUF files that "\*tiny\*" names/,
    ],
    [
      'where a pattern names none',
      ['me/two-GGUF', '--file', '*Q4_0*'],
      'HUB_FILE_NOT_FOUND',
      /no GGUF file is named "\*Q4_0\*"; it holds quants\/tiny-Q8_0\.gguf, quants\/tiny BF16\.gguf/,
    ],
    ['where a part is missing', ['me/parts-GGUF'], 'HUB_FILE_NOT_FOUND', /tiny-00002-of-00002\.gguf/],
    [
      'that is chosen and streamed',
      ['me/both', '--stream', '--file', '*.gguf'],
      'INVALID_ARGUMENT',
      /its weights are a GGUF file, expected safetensors/,
    ],
    [
      'that is streamed',
      ['me/one-GGUF', '--stream'],
      'INVALID_ARGUMENT',
      /its weights are a GGUF file, expected safeten/,
    ],
  ];
  for (const [title, args, code, message] of refused) {
    it(`is refused ${title}, before a download, and so is its plan`, () =>
      withFolder(async (folder) => {
        const nServed = hub.requests.filter(({ kind }) => kind === 'file').length;
        for (const more of [[], ['--dry-run']]) {
          const { error } = await json(
            folder,
            ['export', ...args, 'm.bin', ...more],
            code === 'INVALID_ARGUMENT' ? 2 : 3,
          );
          assert.equal(error.code, code);
          assert.match(error.message, message);
          assert.ok(error.suggestions.length > 0);
        }
        assert.equal(hub.requests.filter(({ kind }) => kind === 'file').length, nServed);
      }));
  }

  it('has its names quoted where they are suggested', () =>
    withFolder(async (folder) => {
      const { error } = await json(folder, ['export', 'me/two-GGUF', 'm.bin'], 3);
      assert.match(
        error.suggestions[1],
        /^llama export me\/two-GGUF m\.bin --json --file ["']quants\/tiny BF16\.gguf["']$/,
      );
    }));

  it('is refused by its plan where its header is damaged, or is another model’s', () =>
    withFolder(async (folder) => {
      const other = await json(folder, ['export', 'me/other-GGUF', '--dry-run'], 3);
      assert.equal(other.error.code, 'UNSUPPORTED_MODEL');
      assert.match(other.error.message, /^me\/other-GGUF\/mamba\.gguf: architecture "mamba", expected "llama"/);
      const cut = await json(folder, ['export', 'me/cut-GGUF', '--dry-run'], 3);
      assert.match(cut.error.message, /^me\/cut-GGUF\/cut\.gguf: /);
      assert.equal(cut.error.code, 'GGUF_TRUNCATED');
    }));

  it('on this machine is refused with --stream, as it is read where it is', () =>
    withFolder(async (folder) => {
      await json(folder, ['export', 'm.gguf', '--type', 'q8_0']);
      const { error } = await json(folder, ['export', 'm.gguf', 'm.bin', '--stream'], 2);
      assert.equal(error.code, 'INVALID_ARGUMENT');
      assert.deepEqual(error.suggestions, [
        'what is on this machine is read where it is: llama export m.gguf m.bin --json',
      ]);
    }));

  it('has flags that are refused for what is on this machine', () =>
    withFolder(async (folder) => {
      await json(folder, ['export', 'm.gguf', '--type', 'q8_0']);
      for (const source of ['m.gguf', sampleModelPath, 'sample-model']) {
        const { error } = await json(folder, ['export', source, 'm.bin', '--file', '*Q8_0*'], 2);
        assert.equal(error.code, 'INVALID_ARGUMENT');
        assert.match(error.suggestions[0], /^a file on this machine is named as the source itself: llama export/);
      }
    }));
});
