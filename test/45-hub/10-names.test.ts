// Repository ids, revisions, endpoints, tokens and the environment, before anything is sent.

import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadSnapshot, hubSettingsFromEnv, readHubToken } from '@llama-ts/exporter';
import { failureOf } from './support.js';

const refuse = () => assert.fail('a request');
const start = (more: Record<string, unknown>) =>
  failureOf(() => downloadSnapshot({ repo: 'a/b', cacheDir: 'nowhere', fetch: refuse, ...more }).next());

describe('a repository id', () => {
  const wrong = [
    '',
    '/',
    'a/',
    '/b',
    'a/b/c',
    '../b',
    'a/..',
    'a/b..c',
    'a--b/c',
    '-a/b',
    'a/b-',
    'a/.b',
    'a/b.git',
    'a\\b',
    'a b/c',
    'a/b\n',
    'a/b\u0000',
    'é/b',
    `a/${'b'.repeat(97)}`,
    'a/b?x=1',
    'a/b#c',
    'a%2fb/c',
    'C:/b',
    'hf_canary@a/b',
    'file:///etc/passwd',
  ];
  for (const repo of wrong) {
    it(`${JSON.stringify(repo.slice(0, 20))} is refused`, async () => {
      assert.equal((await start({ repo })).code, 'BAD_REPO_ID');
    });
  }

  for (const repo of ['gpt2', 'meta-llama/Llama-3.2-1B', 'a/b', 'a_b/c.d', `a/${'b'.repeat(96)}`]) {
    it(`${repo.slice(0, 30)} is accepted`, async () => {
      // An unknown revision is the next thing to be refused.
      assert.equal((await start({ repo, offline: true })).code, 'HUB_OFFLINE');
    });
  }

  it('is read from the address of its page', async () => {
    const error = await start({ repo: 'https://huggingface.co/meta-llama/Llama-3.2-1B/tree/main' });
    assert.deepEqual(error.suggestions, ['use the id alone: meta-llama/Llama-3.2-1B']);
  });

  it('is shown in errors without the password of an address', async () => {
    const error = await start({ repo: 'https://me:hf_canary@huggingface.co/a/b?token=hf_canary' });
    assert.match(error.message, /https:\/\/\*\*\*@huggingface\.co\/a\/b"/);
    assert.doesNotMatch(JSON.stringify([error.message, error.suggestions]), /canary/);
    assert.deepEqual(error.suggestions, ['use the id alone: a/b']);
  });
});

describe('a revision', () => {
  for (const revision of [
    '',
    '..',
    '../main',
    'a/../b',
    '/main',
    'a//b',
    'a\\b',
    'a b',
    'a\u0000',
    'a:b',
    'x'.repeat(257),
    'a?b',
    '%2e%2e',
  ]) {
    it(`${JSON.stringify(revision.slice(0, 20))} is refused`, async () => {
      assert.equal((await start({ revision })).code, 'BAD_REVISION');
    });
  }
});

describe('the endpoint of a hub', () => {
  for (const endpoint of [
    '',
    'huggingface.co',
    'ftp://huggingface.co',
    'https://me:hf_canary@hub.example',
    'https://hub.example?a=hf_canary',
  ]) {
    it(`${endpoint.replace(/hf_canary/, '…')} is refused`, async () => {
      const error = await start({ endpoint });
      assert.equal(error.code, 'BAD_ENDPOINT');
      assert.doesNotMatch(error.message, /canary/);
    });
  }

  it('gets no token over plain http, unless it is on this machine', async () => {
    assert.equal((await start({ endpoint: 'http://hub.example', token: 'hf_canary' })).code, 'BAD_ENDPOINT');
    assert.equal((await start({ endpoint: 'http://127.0.0.1.example', token: 'hf_canary' })).code, 'BAD_ENDPOINT');
  });
});

describe('a hub token', () => {
  for (const token of ['', 'hf_canary\n', 'hf_ canary', 'hf_canaryé']) {
    it(`${JSON.stringify(token.replace('canary', ''))} is refused and not shown in the error`, async () => {
      const error = await start({ token });
      assert.equal(error.code, 'BAD_TOKEN');
      assert.doesNotMatch(error.message, /canary/);
    });
  }
});

describe('maxParallel', () => {
  for (const maxParallel of [0, -1, 1.5, Number.NaN, 17]) {
    it(`${maxParallel} is refused`, async () => {
      await assert.rejects(downloadSnapshot({ repo: 'a/b', cacheDir: 'nowhere', fetch: refuse, maxParallel }).next(), {
        code: 'INVALID_ARGUMENT',
      });
    });
  }
});

describe('hubSettingsFromEnv', () => {
  const settings = (env: Record<string, string>) => hubSettingsFromEnv(env, '/home/me');

  it('gives the Python client’s defaults', () => {
    assert.deepEqual(settings({}), {
      token: undefined,
      tokenPath: '/home/me/.cache/huggingface/token',
      endpoint: 'https://huggingface.co',
      cacheDir: '/home/me/.cache/huggingface/hub',
      offline: false,
    });
  });

  it('prefers HF_HUB_CACHE and HF_TOKEN_PATH to HF_HOME, and HF_HOME to XDG_CACHE_HOME', () => {
    assert.equal(settings({ XDG_CACHE_HOME: '/x' }).cacheDir, '/x/huggingface/hub');
    assert.equal(settings({ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }).cacheDir, '/h/hub');
    assert.equal(settings({ HF_HOME: '/h', HF_HUB_CACHE: '/c' }).cacheDir, '/c');
    assert.equal(settings({ HUGGINGFACE_HUB_CACHE: '/old' }).cacheDir, '/old');
    assert.equal(settings({ HF_HOME: '/h' }).tokenPath, '/h/token');
    assert.equal(settings({ HF_HOME: '/h', HF_TOKEN_PATH: '/t' }).tokenPath, '/t');
  });

  it('ignores a relative or empty XDG_CACHE_HOME, and an empty HF_HOME', () => {
    for (const path of ['', '.', 'cache', './cache', '../cache', '$GONE/cache', '~other/cache']) {
      assert.equal(settings({ XDG_CACHE_HOME: path }).cacheDir, '/home/me/.cache/huggingface/hub', path);
    }
    assert.equal(settings({ XDG_CACHE_HOME: '~/c' }).cacheDir, '/home/me/c/huggingface/hub');
    assert.equal(settings({ XDG_CACHE_HOME: '/x', HF_HOME: '', HF_HUB_CACHE: '' }).cacheDir, '/x/huggingface/hub');
  });

  it('resolves a relative HF_HOME in the working folder, as the Python client does', () => {
    assert.equal(settings({ HF_HOME: 'models' }).cacheDir, 'models/hub');
    assert.equal(settings({ HF_HOME: 'models' }).tokenPath, 'models/token');
    assert.equal(settings({ HF_HOME: '~' }).cacheDir, '/home/me/hub');
  });

  it('expands ~ and variables in paths', () => {
    assert.equal(settings({ HF_HOME: '~/models' }).cacheDir, '/home/me/models/hub');
    assert.equal(settings({ HF_HUB_CACHE: '$DISK/$' + '{SUB}/$GONE', DISK: '/d', SUB: 's' }).cacheDir, '/d/s/$GONE');
  });

  it('reads HF_TOKEN without line ends, else its older name', () => {
    assert.equal(settings({ HF_TOKEN: ' hf_a\n' }).token, 'hf_a');
    assert.equal(settings({ HUGGING_FACE_HUB_TOKEN: 'hf_b' }).token, 'hf_b');
    assert.equal(settings({ HF_TOKEN: '' }).token, undefined);
  });

  it('gives no token when HF_HUB_DISABLE_IMPLICIT_TOKEN is set', () => {
    const { token, tokenPath } = settings({ HF_TOKEN: 'hf_a', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' });
    assert.deepEqual([token, tokenPath], [undefined, undefined]);
  });

  it('reads 1, on, yes and true as offline', () => {
    for (const value of ['1', 'on', 'Yes', 'TRUE']) assert.equal(settings({ HF_HUB_OFFLINE: value }).offline, true);
    for (const value of ['0', 'off', '', '2']) assert.equal(settings({ HF_HUB_OFFLINE: value }).offline, false);
    assert.equal(settings({ TRANSFORMERS_OFFLINE: '1' }).offline, true);
  });

  it('drops the slash at the end of HF_ENDPOINT', () => {
    assert.equal(settings({ HF_ENDPOINT: 'https://mirror.example/' }).endpoint, 'https://mirror.example');
  });
});

describe('readHubToken', () => {
  it('reads the token file only when the environment has no token', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hub-test-'));
    try {
      await writeFile(join(folder, 'token'), 'hf_file\n');
      const settings = hubSettingsFromEnv({ HF_HOME: folder }, '/home/me');
      assert.equal(await readHubToken(settings), 'hf_file');
      assert.equal(await readHubToken({ ...settings, token: 'hf_env' }), 'hf_env');
      assert.equal(await readHubToken({ ...settings, tokenPath: join(folder, 'none') }), undefined);
      assert.equal((await failureOf(() => readHubToken({ ...settings, tokenPath: folder }))).code, 'BAD_TOKEN');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
