// Answers that end a download: each has its own code and its own remedy.

import { strict as assert } from 'node:assert';
import { fakeRepo } from '../helpers/fake-hub/fake-repo.js';
import type { Fault } from '../helpers/fake-hub/faults.js';
import { download, failureOf, REPO, treeOf, withHub } from './support.js';

const FILES = { 'config.json': '{}', 'model.safetensors': 'weights' };
const TOKEN = 'hf_canary0123456789';
const answerOnce = (kind: string, fault: Fault) => ({
  fault: (request: { kind: string }) => (request.kind === kind ? fault : undefined),
});

describe('a refusal of the hub', () => {
  it('of a token is HUB_UNAUTHORIZED and names the page to make one', () =>
    withHub(fakeRepo(FILES), { token: TOKEN }, async ({ options }) => {
      const error = await failureOf(() => download(options({ token: 'hf_other' })));
      assert.equal(error.code, 'HUB_UNAUTHORIZED');
      assert.match(error.suggestions.join(), /settings\/tokens/);
      assert.doesNotMatch(error.message, /hf_other/);
    }));

  it('without a token is HUB_UNAUTHORIZED when the hub gives no other reason', () =>
    withHub(fakeRepo(FILES), answerOnce('model', { kind: 'status', status: 401 }), async ({ options }) => {
      const error = await failureOf(() => download(options()));
      assert.equal(error.code, 'HUB_UNAUTHORIZED');
      assert.match(error.suggestions[0]!, /HF_TOKEN/);
    }));

  it('of a private repository is HUB_REPO_NOT_FOUND and mentions the token', () =>
    withHub(fakeRepo(FILES, 'private'), { token: TOKEN }, async ({ options }) => {
      const error = await failureOf(() => download(options({ token: undefined })));
      assert.equal(error.code, 'HUB_REPO_NOT_FOUND');
      assert.match(error.message, /no such repository, or a private one/);
      assert.match(error.suggestions.join(), /if it is private, .*: export HF_TOKEN=TOKEN/);
      await download(options({ token: TOKEN }));
    }));

  it('of a name is HUB_REPO_NOT_FOUND', () =>
    withHub(fakeRepo(FILES), { token: TOKEN }, async ({ options }) => {
      for (const token of [undefined, TOKEN]) {
        const error = await failureOf(() => download(options({ repo: 'meta-llama/Typo', token })));
        assert.equal(error.code, 'HUB_REPO_NOT_FOUND');
        assert.match(error.message, /meta-llama\/Typo/);
      }
    }));

  it('of a gated repository is HUB_GATED and names the page to ask on', () =>
    withHub(fakeRepo(FILES, 'gated'), {}, async ({ hub, cacheDir, options }) => {
      const error = await failureOf(() => download(options()));
      assert.equal(error.code, 'HUB_GATED');
      assert.equal(error.suggestions[0], `ask for access at ${hub.url}/${REPO}, then run the same command again`);
      assert.deepEqual(await treeOf(cacheDir), {});
    }));

  it('of a revision is HUB_REVISION_NOT_FOUND', () =>
    withHub(fakeRepo(FILES), {}, async ({ options }) => {
      for (const revision of ['dev', 'c'.repeat(40)]) {
        const error = await failureOf(() => download(options({ revision })));
        assert.equal(error.code, 'HUB_REVISION_NOT_FOUND');
        assert.match(error.message, new RegExp(revision));
      }
    }));

  it('of a listed file is HUB_FILE_NOT_FOUND', () => {
    const fault: Fault = { kind: 'status', status: 404, headers: { 'x-error-code': 'EntryNotFound' } };
    return withHub(fakeRepo(FILES), answerOnce('resolve', fault), async ({ options }) => {
      assert.equal((await failureOf(() => download(options({ maxParallel: 1 })))).code, 'HUB_FILE_NOT_FOUND');
    });
  });

  it('with a bare 404 is about the repository or the file that was requested', async () => {
    const fault: Fault = { kind: 'status', status: 404 };
    await withHub(fakeRepo(FILES), answerOnce('model', fault), async ({ options }) => {
      assert.equal((await failureOf(() => download(options()))).code, 'HUB_REPO_NOT_FOUND');
    });
    await withHub(fakeRepo(FILES), answerOnce('resolve', fault), async ({ options }) => {
      assert.equal((await failureOf(() => download(options()))).code, 'HUB_FILE_NOT_FOUND');
    });
  });

  it('with a bare 403 is HUB_FORBIDDEN', () =>
    withHub(fakeRepo(FILES), answerOnce('resolve', { kind: 'status', status: 403 }), async ({ options }) => {
      assert.equal((await failureOf(() => download(options()))).code, 'HUB_FORBIDDEN');
    }));

  it('from the storage it redirects to is tried again with a new address', () => {
    let nRefused = 0;
    const fault = ({ kind }: { kind: string }): Fault | undefined =>
      kind === 'file' && nRefused++ === 0 ? { kind: 'status', status: 403 } : undefined;
    return withHub(fakeRepo({ 'model.safetensors': 'weights' }), { fault }, async ({ hub, options }) => {
      await download(options());
      assert.equal(hub.requests.filter(({ kind }) => kind === 'resolve').length, 2);
    });
  });
});

describe('a malformed response of the hub', () => {
  const hex = 'a'.repeat(40);
  const file = (more: object) => JSON.stringify([{ type: 'file', path: 'config.json', size: 2, oid: hex, ...more }]);
  const trees: readonly [string, string][] = [
    ['an etag that climbs out of the cache', file({ oid: '../../../../tmp/evil' })],
    ['an absolute etag', file({ oid: '/etc/passwd' })],
    ['an etag with a backslash', file({ oid: '..\\evil' })],
    ['a large file’s etag that climbs', file({ lfs: { oid: `../${'a'.repeat(61)}`, size: 2 } })],
    ['a short etag', file({ oid: 'abc' })],
    ['no etag', file({ oid: undefined })],
    ['a path that climbs out of the cache', file({ path: '../../config.json' })],
    ['a path with .. inside', file({ path: 'original/../../config.json' })],
    ['an absolute path', file({ path: '/etc/passwd' })],
    ['a path with a backslash', file({ path: '..\\config.json' })],
    ['a path on a drive', file({ path: 'C:config.json' })],
    ['a path with a control character', file({ path: 'config\u001b.json' })],
    ['an empty path', file({ path: '' })],
    ['no path', file({ path: undefined })],
    ['a negative size', file({ size: -1 })],
    ['a fractional size', file({ size: 1.5 })],
    ['a size beyond exact numbers', file({ size: 2 ** 53 })],
    ['no size', file({ size: undefined })],
    ['a file listed twice', `[${file({}).slice(1, -1)},${file({}).slice(1, -1)}]`],
    ['an object in place of the list', '{}'],
    ['null', 'null'],
    ['entries that are null', '[null]'],
    ['HTML', '<html>'],
    ['nothing', ''],
  ];
  for (const [name, body] of trees) {
    it(`is refused as a listing: ${name}`, () =>
      withHub(fakeRepo(FILES), answerOnce('tree', { kind: 'answer', body }), async ({ hub, cacheDir, options }) => {
        const error = await failureOf(() => download(options()));
        assert.equal(error.code, 'HUB_BAD_RESPONSE');
        assert.deepEqual(await treeOf(cacheDir), {});
        assert.ok(hub.requests.every(({ kind }) => kind === 'model' || kind === 'tree'));
      }));
  }

  for (const body of [
    '{}',
    '{"sha":"main"}',
    '{"sha":"../../evil"}',
    `{"sha":"${'A'.repeat(40)}"}`,
    'null',
    '<html>',
    '[]',
  ]) {
    it(`is refused as a commit: ${body.slice(0, 25)}`, () =>
      withHub(fakeRepo(FILES), answerOnce('model', { kind: 'answer', body }), async ({ cacheDir, options }) => {
        assert.equal((await failureOf(() => download(options()))).code, 'HUB_BAD_RESPONSE');
        assert.deepEqual(await treeOf(cacheDir), {});
      }));
  }

  it('is refused as an index of shards', async () => {
    const files = { 'config.json': '{}', 'model.safetensors.index.json': '{"weight_map":{"a":"../evil.safetensors"}}' };
    await withHub(fakeRepo(files), {}, async ({ options }) => {
      assert.equal((await failureOf(() => download(options()))).code, 'SAFETENSORS_INDEX');
    });
  });
});
