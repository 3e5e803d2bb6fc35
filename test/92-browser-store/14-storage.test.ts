// Storage that does not suffice, models that do not fit memory, and servers that ask for a token.

import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { CDPSession, Page } from 'playwright-core';
import { modelFile } from '../50-runtime/support.js';
import { type ServedFile, servedFile } from './file-server.js';
import { assertWhole, fetchModel, listModels, openSite, planModel, type Site } from './support.js';

describe('the storage of models in Chromium', function () {
  this.timeout(60_000);
  let site: Site;
  let page: Page;
  let bytes: Buffer;
  let sha256: string;
  /** What it overrides holds while it is open. */
  let session: CDPSession;

  before(async function () {
    const opened = await openSite();
    if (opened === null) return this.skip();
    site = opened;
    bytes = await readFile(await modelFile('sample', 3));
    sha256 = createHash('sha256').update(bytes).digest('hex');
    page = await site.openTab();
    session = await site.context.newCDPSession(page);
    for (const name of ['a', 'b']) site.server.files.set(`/${name}.bin`, servedFile(bytes));
  });
  after(() => site?.close());

  /** Sets what the browser gives the page; undefined: as it is. */
  async function overrideQuota(quotaSize?: number): Promise<void> {
    const quota = quotaSize === undefined ? {} : { quotaSize };
    await session.send('Storage.overrideQuotaForOrigin', { origin: site.server.origin, ...quota });
  }
  const rangesOf = ({ requests }: ServedFile): unknown[] => requests.map(({ range }) => range);
  const names = async (): Promise<string[]> => (await listModels(page)).map(({ name }) => name);
  const nameOf = (path: string): string => `${site.server.origin}${path}`;

  /** Has the page hear of so much storage: Chromium itself tells of 10 GiB more than is in use, whatever there is. */
  async function claim(quota: number): Promise<void> {
    await page.evaluate(`navigator.storage.estimate = async () => ({ usage: ${bytes.length}, quota: ${quota} });`);
  }
  const claimNothing = (): Promise<unknown> => page.evaluate('delete navigator.storage.estimate');

  it('refuses a model that exceeds it before a byte of it is stored, and the suggestion makes way for it', async () => {
    assertWhole(await fetchModel(page, '/a.bin'), sha256);
    const file = site.server.files.get('/b.bin')!;
    await claim(1.5 * bytes.length);
    const { failure } = await fetchModel(page, '/b.bin');
    assert.equal(failure!.code, 'DISK_FULL');
    assert.match(failure!.message, /kB to store, and [\d.]+ kB left of what the browser gives this page/);
    assert.deepEqual(rangesOf(file), ['bytes=0-65535']);
    assert.deepEqual(await names(), [nameOf('/a.bin')]);
    assert.match(failure!.suggestions![0]!, /store\.remove\(NAME\)$/);
    await page.evaluate(`store.remove('${nameOf('/a.bin')}')`);
    await claim(3 * bytes.length);
    assertWhole(await fetchModel(page, '/b.bin'), sha256);
    await claimNothing();
  });

  it('leaves nothing of a model when there is less than the browser claims', async () => {
    const file = site.server.files.get('/a.bin')!;
    file.requests.length = 0;
    for (const share of [0.1, 0.5, 1, 1.5]) {
      await overrideQuota(Math.floor(share * bytes.length));
      const { failure } = await fetchModel(page, '/a.bin');
      assert.equal(failure!.code, 'DISK_FULL');
      assert.match(failure!.message, /kB to store, and less than that left of what the browser gives this page/);
      assert.deepEqual(await names(), [nameOf('/b.bin')]);
      const folders = await page.evaluate(`(async () => {
        const root = await navigator.storage.getDirectory();
        return (await Array.fromAsync((await root.getDirectoryHandle('llama-ts-models')).keys())).length;
      })()`);
      assert.equal(folders, 1);
    }
    // Its first bytes alone were asked for.
    assert.deepEqual([...new Set(rangesOf(file))], ['bytes=0-65535']);
    await overrideQuota();
    assertWhole(await fetchModel(page, '/a.bin'), sha256);
  });

  it('is told', async () => {
    const space = await page.evaluate<{ usedBytes: number; quotaBytes: number; isPersistent: boolean }>(
      'store.space()',
    );
    assert.ok(space.usedBytes >= bytes.length && space.quotaBytes > space.usedBytes);
    assert.equal(typeof space.isPersistent, 'boolean');
  });

  it('is not asked for a context that does not fit, and the plan says which do', async () => {
    const plan = await planModel(page, '/a.bin');
    assert.deepEqual([plan.byteLength, plan.version, plan.fits], [bytes.length, 3, true]);
    // The same header of a file that is as large as memory.
    const large = servedFile(bytes);
    large.headers = { 'Content-Range': `bytes 0-65535/${2 ** 32 - 2 ** 20}` };
    site.server.files.set('/large.bin', large);
    const refused = await fetchModel(page, '/large.bin');
    assert.match(refused.failure!.code!, /^(?:LIMIT_EXCEEDED|MODEL_TOO_LARGE_FOR_WASM)$/);
    assert.deepEqual(
      large.requests.map(({ range }) => range),
      ['bytes=0-65535'],
    );
    const failure = await page.evaluate<{ code: string }>(`failureOf(() => store.plan('/a.bin', { context: 1e9 }))`);
    assert.equal(failure.code, 'INVALID_OPTION');
    const ofBlob = await page.evaluate<{ byteLength: number }>(
      `(async () => store.plan((await store.get('${nameOf('/a.bin')}')).file))()`,
    );
    assert.equal(ofBlob.byteLength, bytes.length);
  });

  it('takes a model of a server that wants a token, by a name of its own', async () => {
    const file = servedFile(bytes);
    file.authorization = 'Bearer right';
    site.server.files.set('/secret.bin', file);
    const { failure } = await fetchModel(page, '/secret.bin');
    assert.equal(failure!.code, 'HUB_UNAUTHORIZED');
    assert.match(failure!.suggestions![0]!, /store\.fetch\(URL, \{ headers: \{ Authorization: 'Bearer TOKEN' \} \}\)$/);
    const headers = { Authorization: 'Bearer right' };
    const outcome = await fetchModel(page, '/secret.bin?signature=1', { headers, name: 'secret' });
    assertWhole(outcome, sha256);
    assert.equal(outcome.model!.name, 'secret');
    file.requests.length = 0;
    assertWhole(await fetchModel(page, '/secret.bin?signature=2', { name: 'secret' }), sha256);
    assert.deepEqual(file.requests, []);
  });
});
