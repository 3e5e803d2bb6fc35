// Tabs that share the store: closed at any moment, downloading the same model, removing it.

import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { modelFile } from '../50-runtime/support.js';
import { type ServedFile, servedFile } from './file-server.js';
import { assertWhole, fetchModel, listModels, openSite, type Site, seededOffsets, until } from './support.js';

const N_CLOSED = 20;
const HEAD_BYTES = 64 * 1024;

describe('tabs that share the store in Chromium', function () {
  this.timeout(120_000);
  let site: Site;
  let watching: Page;
  let bytes: Buffer;
  let sha256: string;

  before(async function () {
    const opened = await openSite();
    if (opened === null) return this.skip();
    site = opened;
    bytes = await readFile(await modelFile('sample', 3));
    sha256 = createHash('sha256').update(bytes).digest('hex');
    watching = await site.openTab();
  });
  after(() => site?.close());

  /** Begins a download that is not waited for: its tab may be closed. */
  function begin(page: Page, path: string): void {
    page.evaluate(`void fetchModel('${path}')`).catch(() => undefined);
  }
  /** Serves a model that stops at a byte, and resolves when it did. */
  function serveHeld(path: string, holdAt: number): { readonly file: ServedFile; readonly held: Promise<void> } {
    const file = servedFile(bytes, { holdAt });
    site.server.files.set(path, file);
    return { file, held: nextHold(file) };
  }
  function nextHold(file: ServedFile): Promise<void> {
    return new Promise((resolve) => {
      file.onHold = resolve;
    });
  }
  const receivedOf = async (path: string): Promise<number> =>
    (await listModels(watching)).find(({ url }) => url.endsWith(path))?.receivedBytes ?? 0;

  it(`go on with a download whose tab was closed at ${N_CLOSED} moments, and lose nothing that was listed`, async () => {
    const path = '/closed.bin';
    const { file } = serveHeld(path, 0);
    const moments = seededOffsets(N_CLOSED, bytes.length - 2 * HEAD_BYTES, 5).sort((a, b) => a - b);
    let listed = 0;
    for (const [i, offset] of moments.entries()) {
      file.holdAt = HEAD_BYTES + offset;
      const held = nextHold(file);
      const page = await site.openTab();
      begin(page, path);
      await held;
      // Half of them at once, half when the journal has what came.
      while (i % 2 === 1 && (await receivedOf(path)) <= listed) await page.waitForTimeout(10);
      await page.close();
      const received = await receivedOf(path);
      assert.ok(received >= listed, `${received} bytes at moment ${i}, ${listed} before`);
      listed = received;
      assert.equal(await watching.evaluate(`store.get('${site.server.origin}${path}')`), null);
    }
    assert.ok(listed > 0);
    file.holdAt = Number.POSITIVE_INFINITY;
    const outcome = await fetchModel(watching, path);
    assertWhole(outcome, sha256);
    const start = outcome.events.find(({ type }) => type === 'download-start');
    assert.ok(start?.type === 'download-start' && start.receivedBytes >= listed);
  });

  it('share one download, hear of its progress, and both run', async () => {
    const path = '/shared.bin';
    const { file, held } = serveHeld(path, 500_000);
    const [first, second] = [await site.openTab(), await site.openTab()];
    const outcomes = [fetchModel(first, path)];
    await held;
    outcomes.push(fetchModel(second, path));
    await until(second, `downloads.get('${path}')?.some(({ type }) => type === 'download-wait')`);
    file.holdAt = Number.POSITIVE_INFINITY;
    // The held answer ends; the download takes up where it was.
    site.server.cutConnections();
    for (const outcome of await Promise.all(outcomes)) assertWhole(outcome, sha256);
    const [, heard] = await Promise.all(outcomes);
    assert.ok(heard!.events.some(({ type }) => type === 'download-progress'));
    const twice = file.requests.filter(({ range }) => range === `bytes=${bytes.length - 1}-`);
    assert.equal(twice.length, 0);
    const sent = file.requests.reduce((sum, request) => sum + request.sent, 0);
    assert.ok(sent < 2 * bytes.length, `${sent} bytes for two tabs`);
    const run = `run('${site.server.origin}${path}', 'Once upon', 5)`;
    const [a, b] = await Promise.all([first.evaluate(run), second.evaluate(run)]);
    assert.deepEqual(a, b);
    assert.equal((a as number[]).length, 5);
    await Promise.all([first.close(), second.close()]);
  });

  it('go on with the download of another tab when that is closed', async () => {
    const path = '/inherited.bin';
    const { file, held } = serveHeld(path, 600_000);
    const [first, second] = [await site.openTab(), await site.openTab()];
    begin(first, path);
    await held;
    const inherited = fetchModel(second, path);
    await until(second, `downloads.get('${path}')?.some(({ type }) => type === 'download-wait')`);
    while ((await receivedOf(path)) < HEAD_BYTES) await second.waitForTimeout(10);
    const received = await receivedOf(path);
    file.holdAt = Number.POSITIVE_INFINITY;
    await first.close();
    const outcome = await inherited;
    assertWhole(outcome, sha256);
    const start = outcome.events.findLast(({ type }) => type === 'download-start');
    assert.ok(start?.type === 'download-start' && start.receivedBytes >= received);
    await second.close();
  });

  it('do not remove a model that another one downloads, and do when that has ended', async () => {
    const path = '/busy.bin';
    const { held } = serveHeld(path, 500_000);
    const page = await site.openTab();
    begin(page, path);
    await held;
    const remove = `store.remove('${site.server.origin}${path}')`;
    const failure = await watching.evaluate<{ code: string; suggestions: string[] }>(`failureOf(() => ${remove})`);
    assert.equal(failure.code, 'OUTPUT_BUSY');
    assert.match(failure.suggestions.join(), /close the other tab/);
    await page.close();
    while ((await watching.evaluate<unknown>(`failureOf(() => ${remove})`)) !== null) await watching.waitForTimeout(10);
    assert.equal(await receivedOf(path), 0);
  });
});
