// One rule for names: what commands take as a source, and what they say of folders, repositories and names that are none.

import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleModelPath } from '@llama-ts/sample-model';
import { canaryToken } from '../helpers/canary.js';
import { type FakeHub, startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo } from '../helpers/fake-hub/fake-repo.js';
import { runLlama } from '../helpers/run-llama.js';
import { withFolder } from './support.js';

/** Files of a small model: no export of it is needed here. */
const MODEL = { 'config.json': '{"model_type":"mistral"}', 'model.safetensors': 'x' };
const ADAPTER = { 'adapter_config.json': '{"base_model_name_or_path":"me/base"}', 'adapter_model.safetensors': 'x' };

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly suggestions: readonly string[];
}

describe('the names of sources', function () {
  this.timeout(120_000);
  let hub: FakeHub;
  before(async () => {
    const repos = {
      'me/tiny': fakeRepo(MODEL),
      'me/lora': fakeRepo(ADAPTER),
      'me/tiny-GGUF': fakeRepo({ 'q4.gguf': 'GGUF' }),
    };
    hub = await startFakeHub({ repos });
  });
  after(() => hub.stop());

  const envOf = (folder: string) => ({
    HF_ENDPOINT: hub.url,
    HF_HOME: join(folder, 'hf'),
    HF_TOKEN: canaryToken,
    HF_HUB_CACHE: '',
  });
  const failureOf = async (folder: string, args: readonly string[], exitCode = 3): Promise<Failure> => {
    const run = await runLlama([...args, '--json'], { cwd: folder, env: envOf(folder) });
    assert.equal(run.exitCode, exitCode, run.stdout + run.stderr);
    return (JSON.parse(run.stdout) as { error: Failure }).error;
  };

  it('may be ids and addresses of the hub for export, with and without --hf, and for convert', () =>
    withFolder(async (folder) => {
      for (const args of [
        ['export', 'me/tiny'],
        ['export', 'me/tiny', 'out.bin'],
        ['export', 'out.bin', '--hf', `${hub.url}/me/tiny/tree/main`],
        ['export', 'https://huggingface.co/me/tiny', '--dry-run'],
        ['convert', 'hf.co/me/tiny', 'out.gguf', '--to', 'gguf'],
      ]) {
        const { code, message } = await failureOf(folder, args);
        assert.equal(code, 'UNSUPPORTED_MODEL', args.join(' '));
        assert.match(message, /Mistral/);
      }
      assert.ok(!(await readdir(folder)).some((name) => /bin|gguf/.test(name)));
    }));

  it('may be folders for export, whose output gets the folder’s name in the working folder', () =>
    withFolder(async (folder) => {
      const { exitCode, stderr } = await runLlama(['export', sampleModelPath], { cwd: folder });
      assert.equal(exitCode, 0, stderr);
      const [written] = await readdir(folder);
      assert.match(written!, /\.bin$/);
      assert.notEqual(written, 'sample-model.bin.bin');
      const again = await failureOf(folder, ['export', written!], 2);
      assert.equal(again.code, 'OUTPUT_EXISTS');
      assert.match(again.suggestions[0]!, new RegExp(`^llama convert ${written} `));
      assert.match(again.suggestions.at(-1)!, new RegExp(`: llama export ${written} --force`));
    }));

  it('of repositories that are no checkpoint are refused before a download, with a suggestion', () =>
    withFolder(async (folder) => {
      const lora = await failureOf(folder, ['export', 'me/lora']);
      assert.equal(lora.code, 'NOT_A_CHECKPOINT');
      assert.match(lora.message, /LoRA adapter of me\/base/);
      assert.equal(lora.suggestions[0], 'llama export me/base --lora me/lora');
      const gguf = await failureOf(folder, ['export', 'me/tiny-GGUF', '--file', '*q8*']);
      assert.equal(gguf.code, 'HUB_FILE_NOT_FOUND');
      assert.match(gguf.message, /no GGUF file is named "\*q8\*"; it holds q4\.gguf/);
      assert.equal(hub.servedBytes('q4.gguf'), 0);
    }));

  it('that are no id are refused without a request, with names of files that exist', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'model.bin'), 'x');
      await mkdir(join(folder, 'Llama-tiny'));
      const nBefore = hub.requests.length;
      for (const [args, suggestion] of [
        [['export', 'Llama-tini'], 'llama export Llama-tiny --json'],
        [['export', 'o.bin', '--hf=Llama-tini'], 'llama export o.bin --hf=Llama-tiny --json'],
        [['convert', 'modle.bin', 'o.gguf', '--to', 'gguf'], 'llama convert model.bin o.gguf --to gguf --json'],
        [
          ['verify', 'model.bin', '--against', 'modell.bin', '--token', 'hf_x'],
          'llama verify model.bin --against model.bin --token "$HF_TOKEN" --json',
        ],
        [['export', 'llama3.2:1b'], 'llama export meta-llama/Llama-3.2-1B-Instruct'],
      ] as const) {
        const { code, suggestions } = await failureOf(folder, args);
        assert.equal(code, 'SOURCE_NOT_FOUND', args.join(' '));
        assert.equal(suggestions[0], suggestion);
      }
      assert.equal(hub.requests.length, nBefore);
    }));

  it('that may mean two things are refused with both commands', () =>
    withFolder(async (folder) => {
      await mkdir(join(folder, 'me'));
      const { code, suggestions } = await failureOf(folder, ['export', 'me/tiny'], 2);
      assert.equal(code, 'USAGE');
      assert.match(suggestions[0]!, /: llama export --hf me\/tiny/);
      assert.match(suggestions[1]!, /: llama export me\/tiny\.bin --hf sample-model$/);
    }));

  it('with two different revisions are refused', () =>
    withFolder(async (folder) => {
      const { code, suggestions } = await failureOf(
        folder,
        ['export', `${hub.url}/me/tiny/tree/v1`, '--revision', 'main'],
        2,
      );
      assert.equal(code, 'USAGE');
      assert.match(suggestions[0]!, /--revision v1/);
    }));
});

describe('the names of models', function () {
  this.timeout(120_000);

  const names = { 'me/tiny': 'me/tiny', 'llama3.2:1b': 'meta-llama/Llama-3.2-1B-Instruct' };
  const refusalBy = async (folder: string, command: string, name: string): Promise<string> => {
    const env = { HF_ENDPOINT: 'http://127.0.0.1:9' };
    const { exitCode, stderr } = await runLlama([command, name], { cwd: folder, env });
    assert.equal(exitCode, 3, stderr);
    assert.match(stderr, /\[NOT_A_MODEL\]/);
    return stderr;
  };
  for (const command of ['quantize', 'verify', 'inspect'] as const) {
    it(`that are repositories or ollama’s are refused by ${command} with the export to type`, () =>
      withFolder(async (folder) => {
        for (const [name, repo] of Object.entries(names)) {
          const then = `llama ${command} ${repo.split('/')[1]}\\.bin`;
          assert.match(await refusalBy(folder, command, name), new RegExp(`try: llama export ${repo} && ${then}\\n`));
        }
      }));
  }

  for (const command of ['run', 'chat', 'serve', 'eval', 'bench', 'embed', 'pull'] as const) {
    it(`that are ollama’s are refused by ${command} with the repository that holds the same model`, () =>
      withFolder(async (folder) => {
        const stderr = await refusalBy(folder, command, 'llama3.2:1b');
        assert.match(stderr, new RegExp(`try: llama ${command} meta-llama/Llama-3.2-1B-Instruct\\n`));
      }));
  }

  it('that are files to make a model of are refused by verify, whose suggestion makes one and verifies it', () =>
    withFolder(async (folder) => {
      assert.equal((await runLlama(['export', 'my-q8_0.gguf', '--type', 'q8_0'], { cwd: folder })).exitCode, 0);
      await cp(join(folder, 'my-q8_0.gguf'), join(folder, 'renamed'));
      await writeFile(join(folder, 'ckpt.pt'), 'x');
      const refusal = async (...args: string[]): Promise<string> => {
        const { exitCode, stderr } = await runLlama(['verify', ...args], { cwd: folder });
        assert.equal(exitCode, 3, stderr);
        assert.match(stderr, /\[NOT_A_MODEL\]/);
        return stderr;
      };
      const gguf = await refusal('my-q8_0.gguf', '--against', 'my-q8_0.gguf');
      assert.match(gguf, /is a GGUF file, which holds no checksums, expected a \.bin file that is made from it/);
      const [, first, second] = /try: llama (export .+) && llama (verify .+)\n/.exec(gguf)!;
      for (const line of [first!, second!]) {
        const { exitCode, stderr } = await runLlama(line.split(' '), { cwd: folder });
        assert.equal(exitCode, 0, stderr);
      }
      assert.match(await refusal('my-q8_0.gguf'), /try: llama verify my\.bin\n/);
      assert.match(await refusal('renamed'), /try: llama export renamed && llama verify renamed\.bin\n/);
      assert.match(
        await refusal('ckpt.pt'),
        /is a file of torch\.save, .+\n +try: llama export ckpt\.pt && llama verify/,
      );
    }));

  it('that are mistyped are refused with the files that exist, and folders by verify with their export', () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, 'story model.bin'), 'x');
      const typo = await runLlama(['run', 'story modl.bin', 'Once'], { cwd: folder });
      assert.match(typo.stderr, /try: llama run "story model\.bin" Once\n/);
      await mkdir(join(folder, 'tiny'));
      await writeFile(join(folder, 'tiny', 'config.json'), await readFile(join(sampleModelPath, 'config.json')));
      const unmade = await runLlama(['verify', 'tiny'], { cwd: folder });
      assert.match(unmade.stderr, /try: llama export tiny && llama verify tiny\.bin\n/);
      await writeFile(join(folder, 'tiny.bin'), 'x');
      const made = await runLlama(['verify', 'tiny'], { cwd: folder });
      assert.match(made.stderr, /try: llama verify tiny\.bin\n/);
    }));
});
