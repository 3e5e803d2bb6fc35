// What a download fetches, and how it is stored in the cache.

import { strict as assert } from 'node:assert';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planDownload } from '@llama-ts/exporter';
import { gitSha1, sha256 } from '../helpers/digests.js';
import { fakeCommit, fakeRepo, noise } from '../helpers/fake-hub/fake-repo.js';
import { assertNothingHalf, download, failureOf, REPO, treeOf, withHub } from './support.js';

const CONFIG = '{"model_type":"llama"}';
const WEIGHTS = noise(300_000);
const FILES = {
  'config.json': CONFIG,
  'tokenizer.json': '{"model":{}}',
  'README.md': '# Tiny',
  'model.safetensors': WEIGHTS,
  'original/tokenizer.model': 'dG9rZW4= 0\n',
  'original/consolidated.00.pth': 'pickle',
  'pytorch_model.bin': 'pickle',
  'model-q4.gguf': 'GGUF',
};
const INDEX = JSON.stringify({
  weight_map: { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' },
});

describe('downloadSnapshot', () => {
  it('lays files out as the Python client does', () =>
    withHub(fakeRepo(FILES), {}, async ({ hub, cacheDir, options }) => {
      const { snapshot } = await download(options());
      const { commit } = snapshot;
      const config = gitSha1(Buffer.from(CONFIG));
      const tokenizer = sha256(Buffer.from(FILES['tokenizer.json']));
      const model = sha256(Buffer.from(FILES['original/tokenizer.model']));
      const weights = sha256(WEIGHTS);
      const tree = await treeOf(cacheDir);
      const root = 'models--meta-llama--Tiny';
      assert.deepEqual(tree, {
        [`${root}/.no_exist/${commit}/chat_template.jinja`]: '',
        [`${root}/.no_exist/${commit}/generation_config.json`]: '',
        [`${root}/.no_exist/${commit}/special_tokens_map.json`]: '',
        [`${root}/.no_exist/${commit}/tokenizer_config.json`]: '',
        [`${root}/blobs/${config}`]: CONFIG,
        [`${root}/blobs/${tokenizer}`]: FILES['tokenizer.json'],
        [`${root}/blobs/${model}`]: FILES['original/tokenizer.model'],
        [`${root}/blobs/${weights}`]: Buffer.from(WEIGHTS).toString('utf8'),
        [`${root}/refs/main`]: commit,
        [`${root}/snapshots/${commit}/config.json`]: `→ ../../blobs/${config}`,
        [`${root}/snapshots/${commit}/model.safetensors`]: `→ ../../blobs/${weights}`,
        [`${root}/snapshots/${commit}/original/tokenizer.model`]: `→ ../../../blobs/${model}`,
        [`${root}/snapshots/${commit}/tokenizer.json`]: `→ ../../blobs/${tokenizer}`,
      });
      assert.equal(snapshot.path, join(cacheDir, root, 'snapshots', commit));
      assert.equal(snapshot.repo, REPO);
      assert.deepEqual(
        snapshot.files.find(({ path }) => path === 'model.safetensors'),
        {
          path: 'model.safetensors',
          size: WEIGHTS.byteLength,
          etag: weights,
          sha256: weights,
          gitSha1: null,
        },
      );
      assert.ok(
        hub.requests.filter(({ kind }) => kind === 'resolve').every(({ url }) => url.includes(`/resolve/${commit}/`)),
      );
    }));

  it('gives the content of files under their names in the snapshot', () =>
    withHub(fakeRepo(FILES), {}, async ({ options }) => {
      const { snapshot } = await download(options());
      assert.deepEqual(new Uint8Array(await readFile(join(snapshot.path, 'model.safetensors'))), WEIGHTS);
    }));

  it('downloads the shards that the index names and no other weights', () => {
    const files = {
      'config.json': CONFIG,
      'model.safetensors.index.json': INDEX,
      'model-00001-of-00002.safetensors': noise(1_000, 1),
      'model-00002-of-00002.safetensors': noise(1_000, 2),
      'consolidated.safetensors': noise(1_000, 3),
    };
    return withHub(fakeRepo(files), {}, async ({ options }) => {
      const { snapshot } = await download(options());
      assert.deepEqual(snapshot.files.map(({ path }) => path).sort(), [
        'config.json',
        'model-00001-of-00002.safetensors',
        'model-00002-of-00002.safetensors',
        'model.safetensors.index.json',
      ]);
    });
  });

  it('downloads weights of PyTorch where there are no safetensors, and finds them in the cache', () => {
    const files = {
      'config.json': CONFIG,
      'tokenizer.json': '{}',
      'pytorch_model.bin.index.json': JSON.stringify({ weight_map: { a: 'pytorch_model-00001-of-00001.bin' } }),
      'pytorch_model-00001-of-00001.bin': noise(1_000, 1),
      'optimizer.bin': noise(1_000, 2),
    };
    return withHub(fakeRepo(files), {}, async ({ options }) => {
      const { snapshot } = await download(options());
      const expected = Object.keys(files).filter((path) => path !== 'optimizer.bin');
      assert.deepEqual(snapshot.files.map(({ path }) => path).sort(), expected.sort());
      const { snapshot: cached } = await download({ ...options(), offline: true });
      assert.deepEqual(cached.files.map(({ path }) => path).sort(), expected);
    });
  });

  it('reports a shard that the index names and that the commit does not have', () =>
    withHub(fakeRepo({ 'config.json': CONFIG, 'model.safetensors.index.json': INDEX }), {}, async ({ options }) => {
      const error = await failureOf(() => download(options()));
      assert.equal(error.code, 'HUB_FILE_NOT_FOUND');
      assert.match(error.message, /model-00001-of-00002\.safetensors/);
    }));

  it('reads all pages of a listing', () =>
    withHub(fakeRepo(FILES), { pageSize: 1 }, async ({ hub, options }) => {
      await download(options());
      assert.equal(hub.requests.filter(({ kind }) => kind === 'tree').length, Object.keys(FILES).length);
    }));

  it('reports plan, starts, progress and verification in this order', () =>
    withHub(fakeRepo({ 'config.json': CONFIG }), {}, async ({ options }) => {
      const { events } = await download(options());
      assert.deepEqual(
        events.map(({ type }) => type),
        ['plan-ready', 'file-start', 'file-progress', 'file-verified'],
      );
    }));

  it('downloads files of the same content once', () =>
    withHub(fakeRepo({ 'a.bin': 'same', 'b.bin': 'same' }), {}, async ({ hub, options, folder }) => {
      const { snapshot } = await download(options({ include: () => true }));
      assert.equal(snapshot.files.length, 2);
      assert.equal(hub.requests.filter(({ kind }) => kind === 'file').length, 1);
      const links = Object.entries(await treeOf(folder)).filter(([path]) => path.startsWith('snapshots/'));
      assert.equal(links.length, 2);
    }));

  it('downloads an empty file', () =>
    withHub(fakeRepo({ 'empty.txt': '' }), {}, async ({ options }) => {
      const { snapshot } = await download(options({ include: () => true }));
      assert.equal((await readFile(join(snapshot.path, 'empty.txt'))).byteLength, 0);
    }));

  it('requests no file that the cache has', () =>
    withHub(fakeRepo(FILES), {}, async ({ hub, options }) => {
      await download(options());
      const nBefore = hub.requests.length;
      const { events } = await download(options());
      assert.deepEqual(
        hub.requests.slice(nBefore).map(({ kind }) => kind),
        ['model', 'tree'],
      );
      assert.ok(events.every(({ type }) => type === 'plan-ready' || type === 'file-cached'));
    }));

  it('uses files that the Python client downloaded', () =>
    withHub(fakeRepo({ 'model.safetensors': WEIGHTS }), {}, async ({ hub, folder, options }) => {
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(join(folder, 'blobs', sha256(WEIGHTS)), WEIGHTS);
      const { snapshot } = await download(options());
      assert.equal(hub.servedBytes('model.safetensors'), 0);
      assert.deepEqual(new Uint8Array(await readFile(join(snapshot.path, 'model.safetensors'))), WEIGHTS);
    }));

  it('uses a snapshot that holds copies in place of links', () =>
    withHub(fakeRepo({ 'model.safetensors': WEIGHTS }), {}, async ({ hub, folder, options }) => {
      const { snapshot } = await download(options());
      await rm(join(snapshot.path, 'model.safetensors'));
      await rm(join(folder, 'blobs'), { recursive: true });
      await writeFile(join(snapshot.path, 'model.safetensors'), WEIGHTS);
      const served = hub.servedBytes('model.safetensors');
      await download(options());
      assert.equal(hub.servedBytes('model.safetensors'), served);
    }));

  it('repairs a blob of the wrong length and a link without a target', () =>
    withHub(fakeRepo({ 'model.safetensors': WEIGHTS }), {}, async ({ folder, options }) => {
      const { snapshot } = await download(options());
      await writeFile(join(folder, 'blobs', sha256(WEIGHTS)), WEIGHTS.subarray(0, 100));
      await download(options());
      assert.deepEqual(new Uint8Array(await readFile(join(snapshot.path, 'model.safetensors'))), WEIGHTS);
      await rm(join(snapshot.path, 'model.safetensors'));
      await symlink('../../blobs/gone', join(snapshot.path, 'model.safetensors'));
      await download(options());
      assert.deepEqual(new Uint8Array(await readFile(join(snapshot.path, 'model.safetensors'))), WEIGHTS);
    }));

  it('keeps to the commit it started with when the branch moves', () => {
    const repo = fakeRepo({ 'config.json': CONFIG, 'model.safetensors': WEIGHTS });
    const first = repo.revisions.get('main')!;
    const moved = 'b'.repeat(40);
    repo.commits.set(moved, fakeCommit({ 'config.json': '{}', 'model.safetensors': noise(300_000, 9) }));
    return withHub(repo, {}, async ({ options }) => {
      const { snapshot } = await download(options(), ({ type }) => {
        if (type === 'plan-ready') repo.revisions.set('main', moved);
      });
      assert.equal(snapshot.commit, first);
      assert.deepEqual(new Uint8Array(await readFile(join(snapshot.path, 'model.safetensors'))), WEIGHTS);
      assert.equal((await download(options())).snapshot.commit, moved);
    });
  });

  it("records the commit of a tag in the cache, and no file for a commit's own id", () =>
    withHub(fakeRepo({ 'config.json': CONFIG }), {}, async ({ folder, options }) => {
      const { snapshot } = await download(options({ revision: 'v1' }));
      await download(options({ revision: snapshot.commit }));
      const references = Object.keys(await treeOf(join(folder, 'refs')));
      assert.deepEqual(references, ['v1']);
    }));

  it('stops when its reader breaks out of the loop, and keeps partial files', () =>
    withHub(fakeRepo({ 'model.safetensors': noise(3_000_000) }), {}, async ({ cacheDir, options }) => {
      const { downloadSnapshot } = await import('@llama-ts/exporter');
      for await (const event of downloadSnapshot(options())) if (event.type === 'file-progress') break;
      const left = Object.keys(await treeOf(cacheDir)).filter((path) => !path.includes('.no_exist'));
      assert.equal(left.length, 1);
      assert.match(left[0]!, /blobs\/[0-9a-f]{64}\.incomplete$/);
      await download(options());
      await assertNothingHalf(cacheDir);
    }));

  it('rethrows the reason of an abort', () =>
    withHub(fakeRepo({ 'model.safetensors': noise(3_000_000) }), {}, async ({ options }) => {
      const controller = new AbortController();
      const reason = new Error('stop');
      const running = download(options({ signal: controller.signal }), ({ type }) => {
        if (type === 'file-progress') controller.abort(reason);
      });
      await assert.rejects(running, reason);
      await assert.rejects(download(options({ signal: AbortSignal.abort(reason) })), reason);
    }));
});

describe('an offline download', () => {
  it('makes no request when the cache has every file', () =>
    withHub(fakeRepo(FILES), {}, async ({ hub, options }) => {
      const { snapshot } = await download(options());
      const nBefore = hub.requests.length;
      const refuse = () => assert.fail('a request');
      const again = await download(options({ offline: true, fetch: refuse }));
      assert.equal(hub.requests.length, nBefore);
      assert.equal(again.snapshot.commit, snapshot.commit);
      const byPath = (files: typeof snapshot.files) => [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
      assert.deepEqual(byPath(again.snapshot.files), byPath(snapshot.files));
    }));

  it('refuses a revision that was never downloaded, and names it', () =>
    withHub(fakeRepo(FILES), {}, async ({ options }) => {
      await download(options());
      const error = await failureOf(() => download(options({ offline: true, revision: 'dev' })));
      assert.equal(error.code, 'HUB_OFFLINE');
      assert.match(error.message, /revision dev/);
    }));

  it('refuses a snapshot with missing files, and names them', () => {
    const files = {
      'config.json': CONFIG,
      'tokenizer.json': '{}',
      'model.safetensors.index.json': INDEX,
      'model-00001-of-00002.safetensors': noise(1_000, 1),
      'model-00002-of-00002.safetensors': noise(1_000, 2),
    };
    return withHub(fakeRepo(files), {}, async ({ options }) => {
      const { snapshot } = await download(options());
      await rm(join(snapshot.path, 'model-00002-of-00002.safetensors'));
      await rm(join(snapshot.path, 'tokenizer.json'));
      const error = await failureOf(() => download(options({ offline: true })));
      assert.equal(error.code, 'HUB_OFFLINE');
      assert.match(error.message, /lacks model-00002-of-00002\.safetensors, tokenizer\.json$/);
    });
  });

  it('refuses a cached reference that is no commit', () =>
    withHub(fakeRepo(FILES), {}, async ({ folder, options }) => {
      await mkdir(join(folder, 'refs'), { recursive: true });
      await writeFile(join(folder, 'refs', 'main'), '../../../../etc');
      const error = await failureOf(() => download(options({ offline: true })));
      assert.equal(error.code, 'HUB_OFFLINE');
      assert.match(error.message, /lacks revision main$/);
    }));
});

describe('planDownload', () => {
  it('counts files and bytes without downloading weights or writing files', () =>
    withHub(fakeRepo(FILES), {}, async ({ hub, cacheDir, options }) => {
      const plan = await planDownload(options());
      assert.equal(plan.files.length, 4);
      const totalBytes = WEIGHTS.byteLength + CONFIG.length + FILES['tokenizer.json'].length + 11;
      assert.deepEqual([plan.totalBytes, plan.downloadBytes], [totalBytes, totalBytes]);
      assert.deepEqual(
        hub.requests.map(({ kind }) => kind),
        ['model', 'tree'],
      );
      assert.deepEqual(await treeOf(cacheDir), {});
    }));

  it('counts the bytes that an interrupted download left', () =>
    withHub(fakeRepo({ 'model.safetensors': WEIGHTS }), {}, async ({ folder, options }) => {
      await mkdir(join(folder, 'blobs'), { recursive: true });
      await writeFile(join(folder, 'blobs', `${sha256(WEIGHTS)}.incomplete`), WEIGHTS.subarray(0, 100_000));
      assert.equal((await planDownload(options())).downloadBytes, 200_000);
      await download(options());
      assert.equal((await planDownload(options())).downloadBytes, 0);
    }));
});
