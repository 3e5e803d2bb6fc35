// What a name means as a source: folders, ids, pasted addresses, names of ollama's library, and paths that are not there.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openModelSource, readSourceName, refuseSource } from '@llama-ts/exporter';
import { copyModel, failsWith, golden, withFolder } from './support.js';

const tied = golden('tied-gqa-bf16');
const COMMITS = ['a'.repeat(40), 'b'.repeat(40)];

describe('readSourceName', () => {
  const repositories: readonly [string, string, string | null][] = [
    ['meta-llama/Llama-3.2-1B-Instruct', 'meta-llama/Llama-3.2-1B-Instruct', null],
    ['https://huggingface.co/me/tiny', 'me/tiny', null],
    ['https://huggingface.co/me/tiny/', 'me/tiny', null],
    ['http://www.huggingface.co/me/tiny?library=transformers#use', 'me/tiny', null],
    ['https://huggingface.co/me/tiny/tree/main', 'me/tiny', 'main'],
    ['https://huggingface.co/me/tiny/blob/v1/config.json', 'me/tiny', 'v1'],
    ['https://huggingface.co/me/tiny/resolve/main/model.safetensors?download=true', 'me/tiny', 'main'],
    ['https://huggingface.co/me/tiny/discussions/3', 'me/tiny', null],
    ['https://huggingface.co/api/models/me/tiny', 'me/tiny', null],
    ['https://me:secret@huggingface.co/me/tiny', 'me/tiny', null],
    ['https://hf.co/me/tiny.git', 'me/tiny', null],
    ['huggingface.co/me/tiny', 'me/tiny', null],
    ['hf.co/me/tiny-GGUF:Q4_K_M', 'me/tiny-GGUF', null],
    ['hf://me/tiny', 'me/tiny', null],
    ['hf://models/me/tiny@v1/config.json', 'me/tiny', 'v1'],
    ['git@hf.co:me/tiny', 'me/tiny', null],
    [' https://huggingface.co/me/tiny\n', 'me/tiny', null],
    ['https://mirror.example:8443/me/tiny', 'me/tiny', null],
  ];
  for (const [name, repo, revision] of repositories) {
    it(`reads ${JSON.stringify(name)} as the repository ${repo}`, async () => {
      const found = await readSourceName(name, { endpoint: 'https://mirror.example:8443' });
      assert.ok(found.kind === 'repository', found.kind);
      assert.deepEqual([found.repo, found.revision], [repo, revision]);
    });
  }

  const missing = [
    ...['', 'llama', 'model.bin', 'models/llama.bin', 'a/b.gguf', 'a/b.safetensors', 'a/config.json', 'a/model.pth'],
    ...[
      './a/b',
      '../a/b',
      '/a/b',
      '~/a',
      'a/b/c',
      'a/..',
      '-a/b',
      'a/b ',
      'Once upon a time',
      'a--b/c',
      'C:\\models\\a',
    ],
  ];
  for (const name of missing) {
    it(`reads ${JSON.stringify(name)} as a path that does not exist`, async () => {
      assert.equal((await readSourceName(name)).kind, 'missing');
    });
  }

  it('refuses addresses that are of no repository, and says what they are', async () => {
    for (const [name, problem] of [
      ['https://github.com/meta-llama/llama', /another site/],
      ['https://huggingface.co/datasets/me/tiny', /a data set/],
      ['https://huggingface.co/spaces/me/tiny', /a space/],
      ['https://huggingface.co/me', /without owner and name/],
      ['s3://bucket/llama', /of s3/],
    ] as const) {
      const found = await readSourceName(name);
      assert.ok(found.kind === 'missing', name);
      assert.match(found.problem ?? '', problem);
    }
  });

  it('suggests the repository id that a mistyped name resembles', async () => {
    for (const name of ['me/tiny/', 'me/tiny@v1', 'me/tiny:Q4_K_M']) {
      const found = await readSourceName(name);
      assert.ok(found.kind === 'missing' && found.repo === 'me/tiny', name);
    }
  });

  it('recognises the names of ollama’s library', async () => {
    for (const [name, repo] of [
      ['llama3.2', 'meta-llama/Llama-3.2-3B-Instruct'],
      ['llama3.2:latest', 'meta-llama/Llama-3.2-3B-Instruct'],
      ['llama3.2:1b', 'meta-llama/Llama-3.2-1B-Instruct'],
      ['llama3.2:1b-instruct-q8_0', 'meta-llama/Llama-3.2-1B-Instruct'],
      ['llama3.2:1b-text-fp16', 'meta-llama/Llama-3.2-1B'],
      ['library/llama3.1:70b', 'meta-llama/Llama-3.1-70B-Instruct'],
      ['llama3', 'meta-llama/Meta-Llama-3-8B-Instruct'],
    ] as const) {
      assert.deepEqual(await readSourceName(name), { kind: 'ollama', repo }, name);
    }
    assert.equal((await readSourceName('llama3.2:9b')).kind, 'missing');
    assert.equal((await readSourceName('mistral')).kind, 'missing');
  });

  it('prefers a path that exists to what a name looks like', () =>
    withFolder(async (folder) => {
      const back = process.cwd();
      await mkdir(join(folder, 'me/tiny'), { recursive: true });
      await writeFile(join(folder, 'llama3.2'), '');
      process.chdir(folder);
      try {
        assert.equal((await readSourceName('me/tiny')).kind, 'folder');
        assert.equal((await readSourceName('llama3.2')).kind, 'file');
      } finally {
        process.chdir(back);
      }
    }));

  it('gives every refusal a command, and repeats no password', async () => {
    for (const name of ['', 'llama3.2', 'https://me:secret@github.com/a/b', 'no.bin', 'me/tiny/']) {
      const found = await readSourceName(name);
      assert.ok(found.kind !== 'folder' && found.kind !== 'repository');
      const { code, message, suggestions } = await refuseSource(name, found);
      assert.equal(code, 'SOURCE_NOT_FOUND');
      assert.match(suggestions.join('\n'), /^llama export \S+$/m);
      assert.doesNotMatch(`${message}${suggestions}`, /secret/);
    }
  });
});

describe('a folder of the hub cache', () => {
  const cached = async (folder: string, commits: readonly string[], main: string | null): Promise<string> => {
    const repo = join(folder, 'hub', 'models--me--tiny');
    await mkdir(join(repo, 'refs'), { recursive: true });
    for (const commit of commits) await copyModel(tied, join(repo, 'snapshots', commit));
    if (main !== null) await writeFile(join(repo, 'refs', 'main'), main);
    return repo;
  };

  it('stands for the snapshot of main, or the only one, under the repository’s name', () =>
    withFolder(async (folder) => {
      const repo = await cached(folder, COMMITS, COMMITS[1]!);
      for (const path of [repo, `${repo}/`, join(repo, 'snapshots'), join(repo, 'snapshots', COMMITS[1]!)]) {
        const checkpoint = await openModelSource(path);
        await checkpoint.close();
        assert.deepEqual([checkpoint.name, checkpoint.commit], ['me/tiny', COMMITS[1]], path);
      }
      const other = await openModelSource(join(repo, 'snapshots', COMMITS[0]!));
      await other.close();
      assert.equal(other.commit, COMMITS[0]);
    }));

  it('is refused with the snapshots as remedies when several could be meant, and with the export when there is none', () =>
    withFolder(async (folder) => {
      const repo = await cached(folder, COMMITS, null);
      await assert.rejects(openModelSource(repo), {
        code: 'NOT_A_CHECKPOINT',
        suggestions: COMMITS.map((commit) => `llama export ${join(repo, 'snapshots', commit)}`),
      });
    }).then(() =>
      withFolder(async (folder) => {
        const repo = await cached(folder, [], null);
        await assert.rejects(openModelSource(repo), {
          code: 'NOT_A_CHECKPOINT',
          suggestions: ['llama export me/tiny'],
        });
      }),
    ));

  it('that holds a checkpoint of its own is that checkpoint', () =>
    withFolder(async (folder) => {
      const repo = join(folder, 'models--me--tiny');
      await copyModel(tied, repo);
      const checkpoint = await openModelSource(repo);
      await checkpoint.close();
      assert.equal(checkpoint.name, 'models--me--tiny');
      await failsWith('NOT_A_CHECKPOINT', openModelSource(join(folder)));
    }));
});
