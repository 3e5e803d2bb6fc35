// llama export --lora and llama verify --lora: adapters of folders and repositories, their names, scales and mistakes.

import { strict as assert } from 'node:assert';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource } from '@llama-ts/base';
import { readBinFile } from '@llama-ts/format';
import { sampleModelPath } from '@llama-ts/sample-model';
import { canaryToken } from '../helpers/canary.js';
import { type FakeHub, startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo, filesIn } from '../helpers/fake-hub/fake-repo.js';
import { writeSampleAdapter } from '../helpers/lora-adapter.js';
import { type LlamaRun, runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

describe('llama export --lora', function () {
  this.timeout(120_000);
  let hub: FakeHub;
  before(() =>
    withFolder(async (folder) => {
      await writeSampleAdapter(join(folder, 'one'), 1);
      await writeSampleAdapter(join(folder, 'two'), 2);
      const [one, two] = [await filesIn(join(folder, 'one')), await filesIn(join(folder, 'two'))];
      const adapter = fakeRepo({ ...one, 'README.md': '#', 'optimizer.pt': new Uint8Array(1_000) });
      const moved = fakeRepo(two);
      for (const [id, commit] of moved.commits) adapter.commits.set(id, commit);
      adapter.revisions.set('v2', moved.revisions.get('main')!);
      const repos = {
        'me/adapter': adapter,
        'me/base': fakeRepo(await filesIn(sampleModelPath)),
        'me/empty': fakeRepo({ 'README.md': '#' }),
      };
      hub = await startFakeHub({ repos });
    }),
  );
  after(() => hub.stop());

  const llama = (folder: string, args: readonly string[]): Promise<LlamaRun> =>
    runLlama(args, {
      cwd: folder,
      env: { HF_ENDPOINT: hub.url, HF_HOME: join(folder, 'hf'), HF_TOKEN: canaryToken, HF_HUB_CACHE: '' },
    });
  const succeed = async (folder: string, args: readonly string[]): Promise<LlamaRun> => {
    const run = await llama(folder, args);
    assert.equal(run.exitCode, 0, `${args.join(' ')}: ${run.stderr}`);
    return run;
  };
  const failureOf = async (folder: string, args: readonly string[]) =>
    JSON.parse((await llama(folder, [...args, '--json'])).stdout).error as {
      code: string;
      message: string;
      suggestions: string[];
    };
  /** A weight of the matrix that adapters change, of the plain model and of this one. */
  const change = async (folder: string, file: string): Promise<number> => {
    const first = async (path: string): Promise<number> => {
      const bytes = await readFile(join(folder, path));
      const { layout } = await readBinFile(bytesSource(bytes, path));
      return bytes.readFloatLE(
        layout.tensors.find(({ name }) => name === 'layers.0.feed_forward.w3.weight')!.byteOffset,
      );
    };
    return (await first(file)) - (await first('plain.bin'));
  };
  const sourceOf = async (folder: string, file: string) => {
    const bytes = await readFile(join(folder, file));
    return (await readBinFile(bytesSource(bytes, file))).trailer!.description.provenance;
  };
  /** With the plain model as plain.bin and an adapter that adds 1 as `adapter`. */
  const withAdapter = (use: (folder: string) => Promise<void>): Promise<void> =>
    withFolder(async (folder) => {
      await succeed(folder, ['export', 'plain.bin']);
      await writeSampleAdapter(join(folder, 'adapter'), 1);
      await use(folder);
    });
  const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-6, `${a}, expected ${b}`);

  it('takes adapters of repositories, at a revision of their address, with scales, and names them', () =>
    withAdapter(async (folder) => {
      const adapters = ['--lora', 'me/adapter=0.5', '--lora', `${hub.url}/me/adapter/tree/v2=-2`];
      await succeed(folder, ['export', 'me/base', 'm.bin', ...adapters]);
      near(await change(folder, 'm.bin'), 0.5 * 1 - 2 * 2);
      const { source, files } = await sourceOf(folder, 'm.bin');
      assert.equal(source, 'me/base + me/adapter=0.5 + me/adapter=-2');
      assert.ok(files.some(({ path }) => path === 'me/adapter=0.5/adapter_model.safetensors'));
      assert.equal(hub.servedBytes('optimizer.pt'), 0);
      const verify = ['verify', 'm.bin', '--against', 'me/base'];
      await succeed(folder, [...verify, ...adapters]);
      assert.equal((await llama(folder, verify)).exitCode, 3);
      assert.equal((await llama(folder, [...verify, '--lora', 'me/adapter'])).exitCode, 3);
    }));

  it('leaves what follows it to be the output, wherever it stands', () =>
    withAdapter(async (folder) => {
      await succeed(folder, ['export', '--lora', 'adapter', '--hf', 'sample-model', 'a.bin']);
      await succeed(folder, ['export', sampleModelPath, '--lora', 'adapter', 'b.bin']);
      await succeed(folder, ['export', sampleModelPath, '--types', '*.wq.weight=q8', 'c.bin', '--version', '3']);
      near(await change(folder, 'a.bin'), 1);
      assert.ok((await readFile(join(folder, 'c.bin'))).length > 0);
    }));

  it('is merged into weights that are streamed, and into a GGUF file', () =>
    withAdapter(async (folder) => {
      await succeed(folder, ['export', 'me/base', 's.bin', '--stream', '--lora', 'adapter']);
      near(await change(folder, 's.bin'), 1);
      await succeed(folder, ['export', 'm.gguf', '--type', 'bf16']);
      await succeed(folder, ['export', 'm.gguf', 'g.bin', '--lora', 'adapter']);
      near(await change(folder, 'g.bin'), 1);
      await succeed(folder, ['verify', 'g.bin', '--against', 'm.gguf', '--lora', 'adapter']);
    }));

  it('is in GGUF and in safetensors too', () =>
    withAdapter(async (folder) => {
      for (const [out, ...flags] of [['m.gguf'], ['merged', '--to', 'safetensors']]) {
        await succeed(folder, ['export', sampleModelPath, out!, ...flags, '--lora', 'adapter', '--type', 'f32']);
        await succeed(folder, ['export', out!, 'again.bin', '--force']);
        near(await change(folder, 'again.bin'), 1);
      }
    }));

  it('takes a folder whose name has an equals sign, and a scale after it', () =>
    withAdapter(async (folder) => {
      await cp(join(folder, 'adapter'), join(folder, 'lr=2', 'run=3'), { recursive: true });
      await succeed(folder, ['export', sampleModelPath, 'a.bin', '--lora', 'lr=2/run=3']);
      near(await change(folder, 'a.bin'), 1);
      await succeed(folder, ['export', sampleModelPath, 'b.bin', '--lora', 'lr=2/run=3=-1.5']);
      near(await change(folder, 'b.bin'), -1.5);
    }));

  const mistakes: readonly (readonly [args: readonly string[], code: string, suggestion: RegExp])[] = [
    [['adaptr'], 'SOURCE_NOT_FOUND', /^llama export sample-model m\.bin --lora adapter --json$/],
    [['adaptr=0.5'], 'SOURCE_NOT_FOUND', /^llama export sample-model m\.bin --lora adapter=0\.5 --json$/],
    [['nothing/like/it'], 'SOURCE_NOT_FOUND', /^ls /],
    [
      ['adapter/adapter_model.safetensors'],
      'NOT_A_CHECKPOINT',
      /^llama export sample-model m\.bin --lora adapter --json$/,
    ],
    [['adapter=0'], 'USAGE', /^leave the scale out/],
    [['adapter='], 'USAGE', /^leave the scale out/],
    [['adapter=0x10'], 'USAGE', /^leave the scale out/],
    [['me/empty'], 'NOT_A_CHECKPOINT', /^save it from the training program/],
    [['me/none'], 'HUB_REPO_NOT_FOUND', /./],
  ];
  for (const [args, code, suggestion] of mistakes) {
    it(`is refused for ${args.join(' ')} with ${code}`, () =>
      withAdapter(async (folder) => {
        const error = await failureOf(folder, ['export', 'sample-model', 'm.bin', '--lora', ...args]);
        assert.equal(error.code, code, error.message);
        assert.match(error.suggestions[0]!, suggestion);
      }));
  }

  it('of verify is refused without a source', () =>
    withAdapter(async (folder) => {
      const error = await failureOf(folder, ['verify', 'plain.bin', '--lora', 'adapter']);
      assert.equal(error.code, 'USAGE');
      assert.match(error.suggestions[0]!, /--against REPO_OR_DIR_OR_BIN/);
    }));
});
