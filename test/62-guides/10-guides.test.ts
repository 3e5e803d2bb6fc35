// The task guides: what they say to type is typed, in their order, and works. Blocks of `sh` need other programs and are not run.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sampleModelPath } from '@llama-ts/sample-model';
import { writeMetaFolder } from '../40-exporter/pytorch-folders.js';
import { outputOf } from '../helpers/child-output.js';
import { type FakeHub, startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo, filesIn } from '../helpers/fake-hub/fake-repo.js';
import { golden } from '../helpers/golden.js';
import { writeSampleAdapter } from '../helpers/lora-adapter.js';
import { llamaBin } from '../helpers/run-llama.js';

const root = path.join(import.meta.dirname, '../..');
const guides = path.join(root, 'docs/guides');
/** The repository that the guides use for one of the reader's. */
const REPO = 'you/my-fine-tune';

describe('the task guides', function () {
  this.timeout(120_000);
  let hub: FakeHub;
  /** Inside the repository, so that programs find the packages. */
  let folder: string;

  before(async () => {
    await mkdir(path.join(root, 'node_modules/.cache'), { recursive: true });
    folder = await mkdtemp(path.join(root, 'node_modules/.cache/guides-'));
    const adapter = path.join(folder, 'adapter');
    await writeSampleAdapter(adapter, 0.01);
    const sample = fakeRepo(await filesIn(sampleModelPath));
    hub = await startFakeHub({
      repos: {
        [REPO]: sample,
        'meta-llama/Llama-3.2-1B-Instruct': sample,
        'you/my-adapter': fakeRepo(await filesIn(adapter)),
      },
    });
    await writeFile(path.join(folder, 'llama'), `#!/bin/sh\nexec "${process.execPath}" "${llamaBin}" "$@"\n`);
    await chmod(path.join(folder, 'llama'), 0o755);
  });

  after(async () => {
    await hub?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  it('are all in the index of the documents', async () => {
    const index = await readFile(path.join(root, 'docs/README.md'), 'utf8');
    const unlisted = (await readdir(guides)).filter((name) => !index.includes(`(guides/${name})`));
    assert.deepEqual(unlisted, []);
  });

  for (const name of [
    'export-a-fine-tune.md',
    'export-metas-pth.md',
    'merge-a-lora.md',
    'use-a-gguf.md',
    'check-a-quantization-in-ci.md',
    'answer-a-file-of-prompts.md',
    'chat-from-code.md',
    'serve-to-my-web-app.md',
    'move-to-llama.cpp-or-vllm.md',
    'troubleshooting.md',
  ]) {
    it(`can be followed from the first command to the last: ${name}`, async () => {
      const cwd = await mkdtemp(path.join(folder, 'run-'));
      const text = await readFile(path.join(guides, name), 'utf8');
      if (name === 'export-metas-pth.md') {
        // A model of unknown sizes.
        const params = { use_scaled_rope: false };
        await writeMetaFolder(golden('tied-gqa-bf16'), path.join(cwd, 'Llama-3.2-1B/original'), { params });
      }
      if (name === 'merge-a-lora.md') {
        for (const adapter of ['my-adapter', 'another']) await writeSampleAdapter(path.join(cwd, adapter), 0.01);
        await cp(sampleModelPath, path.join(cwd, 'Llama-3.2-1B-Instruct'), { recursive: true });
      }
      const blocks = [...text.matchAll(/^```(bash|js)\n(.*?)^```$/gms)];
      assert.ok(blocks.length > 0);
      for (const [, language, code] of blocks) {
        if (language === 'bash') await run(cwd, 'bash', ['-euo', 'pipefail', '-c', code!]);
        else {
          await writeFile(path.join(cwd, 'program.mjs'), code!);
          await run(cwd, process.execPath, ['program.mjs']);
        }
      }
    });
  }

  async function run(cwd: string, command: string, args: readonly string[]): Promise<void> {
    const env = {
      ...process.env,
      PATH: `${folder}${path.delimiter}${process.env.PATH}`,
      HF_ENDPOINT: hub.url,
      HF_HOME: path.join(folder, 'hf'),
      XDG_CACHE_HOME: path.join(folder, 'cache'),
      XDG_STATE_HOME: path.join(folder, 'state'),
    };
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const { exitCode, stdout, stderr } = await outputOf(child);
    assert.equal(exitCode, 0, stdout + stderr);
  }
});
