// A name of the hub: the first use downloads and exports, the second opens.

import { strict as assert } from 'node:assert';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runLlama } from '../helpers/run-llama.js';
import { assertHolds, REPO, withStore } from './support.js';

const preload = new URL('../helpers/list-modules.mjs', import.meta.url);
const PROMPT = ['Once upon a time', '-n', '12', '-t', '0'];

describe('a model of the hub by its name', function () {
  this.timeout(300_000);

  it('is made on first use, which says sizes and time, and gives the answer of an export', () =>
    withStore(async ({ store, folder, succeed }) => {
      const first = await succeed(['run', REPO, ...PROMPT]);
      assert.match(first.stderr, /^meta-llama\/Tiny: downloading 2\.4 MB, to make a model of at most \S+ MB \(q4\)$/m);
      assert.match(first.stderr, /^made meta-llama\/Tiny:q4 of commit [0-9a-f]{12} in \d+\.\d s: 896\.2 kB in \S+$/m);
      await assertHolds(store, { models: 1, names: 1 });
      await succeed(['export', REPO, 'm.bin', '--version', '3']);
      const exported = await succeed(['run', join(folder, 'm.bin'), ...PROMPT]);
      assert.equal(first.stdout, exported.stdout);
    }));

  it('is opened by every command that takes a model, without a request and without the exporter', () =>
    withStore(async ({ hub, folder, env, succeed }) => {
      await succeed(['pull', REPO]);
      const nRequests = hub.requests.length;
      await writeFile(join(folder, 'text.txt'), 'Once upon a time there was a little dog. He was very happy.');
      await writeFile(join(folder, 'prompts.jsonl'), '{"prompt": "Once", "max_tokens": 2}\n');
      const commands = [
        ['run', REPO, ...PROMPT],
        ['chat', REPO, 'What does the cow say?', '--max-tokens', '4'],
        ['bench', REPO, '-p', '4', '-n', '2', '-r', '1'],
        ['embed', REPO, 'A cow says moo.'],
        ['eval', REPO, '--text', 'text.txt'],
        ['run', REPO, '--input', 'prompts.jsonl', '--output', 'results.jsonl'],
      ];
      for (const args of commands) await succeed(args);
      assert.equal(hub.requests.length, nRequests);
      const list = join(folder, 'loaded.txt');
      const listed = { ...env, NODE_OPTIONS: `--import ${preload}`, LIST_MODULES_IN: list };
      assert.equal((await runLlama(['run', REPO, ...PROMPT], { cwd: folder, env: listed })).exitCode, 0);
      const loaded = await readFile(list, 'utf8');
      assert.match(loaded, /packages\/runtime\//);
      for (const name of ['exporter', 'durable', 'safetensors'])
        assert.doesNotMatch(loaded, new RegExp(`packages/${name}/`));
    }));

  it('is kept once for each variant, and prints nothing but the answer with --json', () =>
    withStore(async ({ store, run, json }) => {
      for (const variant of ['q4', 'q8', 'f32']) {
        const { stderr, stdout } = await run(['run', `${REPO}:${variant}`, ...PROMPT, '--json']);
        assert.equal(stderr, '');
        assert.equal(JSON.parse(stdout).model, `${REPO}:${variant}`);
      }
      await assertHolds(store, { models: 3, names: 3 });
      const { models } = await json(['list']);
      assert.deepEqual(
        models.map((model: { name: string }) => model.name),
        ['f32', 'q4', 'q8'].map((variant) => `${REPO}:${variant}`),
      );
    }));

  it('loses to a file or folder of that name, and to a folder ORG, in which it is most likely a mistyped path', () =>
    withStore(async ({ hub, folder, succeed, run }) => {
      await succeed(['export', 'sample.bin']);
      await mkdir(join(folder, 'meta-llama'));
      const mistyped = await run(['run', REPO, ...PROMPT]);
      assert.equal(mistyped.exitCode, 3);
      assert.match(mistyped.stderr, /no such model file in the folder meta-llama \[FILE_NOT_FOUND\]/);
      assert.match(mistyped.stderr, /try: the repository of the hub: llama run hf\.co\/meta-llama\/Tiny /);
      await rename(join(folder, 'sample.bin'), join(folder, 'meta-llama', 'Tiny'));
      await succeed(['run', REPO, ...PROMPT]);
      assert.equal(hub.requests.length, 0);
      await rename(join(folder, 'meta-llama', 'Tiny'), join(folder, 'meta-llama', 'Tony'));
      await succeed(['run', `hf.co/${REPO}`, ...PROMPT]);
      await succeed(['run', REPO, ...PROMPT]);
    }));
});
