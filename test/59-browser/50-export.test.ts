// Exporting in a tab: of a folder that was chosen or dropped, or of a repository, with the bytes of Node's export.

import { strict as assert } from 'node:assert';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { exportModel, type ModelSource, openModelSource } from '@llama-ts/exporter';
import { generate, openModel } from '@llama-ts/runtime';
import { sampleModelPath } from '@llama-ts/sample-model';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../helpers/chromium.js';
import { sha256 } from '../helpers/digests.js';
import { type FakeHub, startFakeHub } from '../helpers/fake-hub/fake-hub.js';
import { fakeRepo, filesIn } from '../helpers/fake-hub/fake-repo.js';
import { bundleExportingPage, inExportingPage, removeExportingPage } from './exporting.js';
import type { Ended } from './exporting-page.js';

const REPO = 'meta-llama/Tiny-Instruct';
const TOKEN = 'hf_users_own';

describe('exporting in Chromium', function () {
  this.timeout(120_000);
  let browser: Browser | null = null;
  let folder: string;
  let scratch: string;

  before(async function () {
    browser = await launchChromium();
    if (browser === null) return this.skip();
    scratch = await mkdtemp(join(tmpdir(), 'llama-export-'));
    folder = await bundleExportingPage();
  });

  after(async () => {
    await browser?.close();
    await removeExportingPage(folder);
    if (scratch !== undefined) await rm(scratch, { recursive: true });
  });

  const inPage = <T>(isIsolated: boolean, use: (page: Page) => Promise<T>): Promise<T> =>
    inExportingPage({ folder, browser: browser!, isIsolated, chosen: sampleModelPath }, use);
  const run = (page: Page, ...parameters: readonly unknown[]): Promise<Ended> =>
    page.evaluate<Ended>(`run(...${JSON.stringify(parameters)})`);
  const namesIn = (page: Page) => page.evaluate<string[]>('names()');

  /** The digest of Node's export. */
  async function expected(source: string | ModelSource, version: 1 | 2 | 3, plain = false): Promise<Ended> {
    const output = join(scratch, 'model.bin');
    for await (const _ of exportModel({ source, output, version, plain, force: true }));
    const bytes = await readFile(output);
    return { sha256: sha256(bytes), byteLength: bytes.byteLength };
  }

  for (const isIsolated of [true, false]) {
    const where = isIsolated ? 'an isolated page' : 'a page that is not isolated';
    it(`writes Node's v1, v2, v3 and plain files of a chosen folder, in ${where}`, async () => {
      await inPage(isIsolated, async (page) => {
        for (const version of [1, 2, 3] as const) {
          const found = await run(page, 'input', { output: `models/v${version}.bin`, version });
          assert.deepEqual(found, await expected(sampleModelPath, version), `v${version}`);
        }
        const plain = await run(page, 'input', { output: 'plain.bin', version: 1, plain: true });
        assert.deepEqual(plain, await expected(sampleModelPath, 1, true));
        assert.deepEqual(await namesIn(page), ['plain.bin'], 'and nothing beside it');
      });
    });
  }

  it('of a folder that is dropped, or of a handle, writes the same, and the file runs', async () => {
    const right = await expected(sampleModelPath, 2);
    await inPage(true, async (page) => {
      assert.deepEqual(await run(page, 'handle', { output: 'picked.bin', version: 2 }), right);
      await drop(page, sampleModelPath);
      assert.deepEqual(await run(page, 'drop', { output: 'dropped.bin', version: 2 }), right);
      const model = await openModel(join(scratch, 'model.bin'));
      const tokens: number[] = [];
      for await (const event of generate(model, 'Once upon a time', { temperature: 0, maxTokens: 20 })) {
        if (event.type === 'token') tokens.push(event.id);
      }
      await model.close();
      assert.deepEqual(await page.evaluate(`tokens('dropped.bin', 'Once upon a time')`), tokens);
    });
  });

  it('of a repository, with the token, writes what Node writes of a copy; the other origin sees no token', async () => {
    await withHub(async (hub) => {
      const { url, requests } = hub;
      const repository = { repo: REPO, endpoint: url, token: TOKEN };
      const found = await inPage(true, (page) => run(page, repository, { output: 'hub.bin', version: 2 }));
      const [commit] = hub.commits;
      const copy = await openModelSource(REPO, {
        download: async () => ({ folder: sampleModelPath, source: REPO, commit: commit!, sha256: new Map() }),
      });
      assert.deepEqual(found, await expected(copy, 2));
      await copy.close();
      const atOther = requests.filter(({ origin }) => origin === hub.cdnUrl);
      assert.ok(atOther.length > 0);
      assert.ok(atOther.every(({ authorization }) => authorization === undefined));
    });
  });

  it('of a repository whose weights are not those that it lists fails, and leaves nothing', async () => {
    await withHub(async ({ url, weights }) => {
      weights[weights.length - 100]! ^= 1;
      await inPage(true, async (page) => {
        const repository = { repo: REPO, endpoint: url, token: TOKEN };
        const { failure } = await run(page, repository, { output: 'hub.bin', version: 1 });
        assert.equal(failure?.code, 'HUB_CORRUPT', failure?.message);
        assert.deepEqual(await namesIn(page), []);
        const refused = await run(page, { ...repository, token: 'hf_other' }, { output: 'hub.bin' });
        assert.equal(refused.failure?.code, 'HUB_REPO_NOT_FOUND', refused.failure?.message);
      });
    });
  });

  it('that is aborted rejects, and leaves nothing', async () => {
    await inPage(true, async (page) => {
      for (const nEvents of [1, 5]) {
        const { failure } = await run(page, 'input', { output: 'model.bin' }, nEvents);
        assert.equal(failure?.code, 'AbortError');
        assert.deepEqual(await namesIn(page), []);
      }
    });
  });

  it('replaces a file only when told to, and lets one writer have a name', async () => {
    const right = await expected(sampleModelPath, 2);
    await inPage(true, async (page) => {
      await run(page, 'input', { output: 'model.bin', version: 1 });
      const { failure } = await run(page, 'input', { output: 'model.bin', version: 2 });
      assert.equal(failure?.code, 'OUTPUT_EXISTS');
      assert.deepEqual(failure.suggestions, ['replace it: force: true']);
      assert.deepEqual(await run(page, 'input', { output: 'model.bin', version: 2, force: true }), right);
      const both = await page.evaluate<Ended[]>(`race({ output: 'other.bin', version: 2 })`);
      const codes = both.map(({ failure: refused }) => refused?.code).sort();
      assert.ok(['OUTPUT_BUSY', 'OUTPUT_EXISTS'].includes(codes[0]!), codes.join());
      assert.deepEqual(
        both.find(({ failure: refused }) => refused === undefined),
        right,
      );
      const outside = await run(page, 'input', { output: '../model.bin' });
      assert.equal(outside.failure?.code, 'INVALID_ARGUMENT');
    });
  });

  it("refuses to write on a page's own thread, and names what does", async () => {
    await inPage(true, async (page) => {
      const failure = await page.evaluate<Ended['failure']>(`exportHere('model.bin')`);
      assert.equal(failure?.code, 'INVALID_ARGUMENT', failure?.message);
      assert.match(failure.suggestions.join(), /exportInWorker/);
    });
  });

  it('says what to do where a browser has no picker of folders', async () => {
    await inPage(true, async (page) => {
      const failure = await page.evaluate<Ended['failure']>('pickWithoutPicker()');
      assert.equal(failure?.code, 'INVALID_ARGUMENT');
      assert.match(failure.suggestions.join('\n'), /webkitdirectory.*\n.*droppedFolder/);
    });
  });

  async function withHub(
    use: (hub: FakeHub & { readonly commits: readonly string[]; readonly weights: Uint8Array }) => Promise<void>,
  ): Promise<void> {
    const repo = fakeRepo(await filesIn(sampleModelPath), 'private');
    const hub = await startFakeHub({
      repos: { [REPO]: repo },
      token: TOKEN,
      otherTokens: ['hf_other'],
      allowsPages: true,
    });
    const [commit, files] = [...repo.commits][0]!;
    const weights = [...files].find(([path]) => path.endsWith('.safetensors'))![1].bytes;
    try {
      await use({ ...hub, commits: [commit], weights });
    } finally {
      await hub.stop();
    }
  }
});

/** Drops a folder on the page, as a file manager does. */
async function drop(page: Page, path: string): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, x: 50, y: 50, data });
  }
  await page.waitForFunction((name) => {
    return (globalThis as unknown as { dropped?: { readonly name: string } }).dropped?.name === name;
  }, basename(path));
}
