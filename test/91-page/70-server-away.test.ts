// The page without its server, and with one that wants a key, in Chromium.

import { strict as assert } from 'node:assert';
import type { Browser } from 'playwright-core';
import { startServer } from '../90-server/serve-command.js';
import { launchChromium } from '../helpers/chromium.js';
import { answered, ask, messagesOf, setUp, withPage, withServer } from './support.js';

const KEY = 'sk-page-0123456789';

describe('the page', function () {
  this.timeout(180_000);
  let browser: Browser | null = null;
  before(async function () {
    browser = await launchChromium();
    if (browser === null) this.skip();
  });
  after(() => browser?.close());

  it('says that the server is down, opens all the same, and goes on when it is back', async () => {
    const first = await startServer();
    const { port } = new URL(first.address);
    await withPage(browser!, first.address, {}, async ({ page, log }) => {
      await setUp(page, { Temperature: '0', 'Longest answer': '8' });
      await ask(page, 'What sound does a cow make?');
      const shown = await messagesOf(page);
      await page.evaluate('navigator.serviceWorker.ready.then(() => null)');
      first.child.kill('SIGKILL');
      await first.over;

      await page.getByRole('textbox', { name: 'Message', exact: true }).fill('And a duck?');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: 'The server does not answer.' }).waitFor();
      const banner = page
        .getByRole('status')
        .filter({ hasText: 'The server does not answer. Conversations can be read' });
      await banner.waitFor();

      await page.reload();
      await banner.waitFor();
      assert.deepEqual((await messagesOf(page)).slice(0, 2), shown);
      assert.equal(await page.evaluate('crossOriginIsolated'), true);

      await withServer(['--port', port], async () => {
        await banner.waitFor({ state: 'detached' });
        await page.getByRole('button', { name: 'Answer again' }).last().click();
        await answered(page);
        assert.equal((await messagesOf(page)).length, 4);
      });
      // Chromium itself writes into the console what it could not load.
      assert.ok(
        log.every((line) => /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|FetchEvent/.test(line)),
        log.join('\n'),
      );
      log.length = 0;
    });
  });

  it('asks for a key where the server needs one, says when it is wrong, and keeps and forgets it', async () => {
    await withServer(
      [],
      async ({ address }) => {
        await withPage(browser!, address, {}, async ({ page, log }) => {
          await page.getByLabel('The server needs a key.').fill('wrong');
          await page.getByRole('button', { name: 'Use it' }).click();
          await page.getByLabel('The server does not know this key.').fill(KEY);
          await page.getByRole('button', { name: 'Use it' }).click();
          await page.getByRole('button', { name: 'Use it' }).waitFor({ state: 'detached' });
          await setUp(page, { 'Longest answer': '4' });
          await ask(page, 'Hello');
          await page.reload();
          await page.getByText('Hello').first().waitFor();
          await ask(page, 'Again');
          assert.equal(await page.locator('article.answer').count(), 2);
          await page.getByRole('button', { name: 'Forget the key' }).click();
          await page.getByLabel('The server needs a key.').waitFor();
          assert.ok(
            log.every((line) => /status of 401/.test(line)),
            log.join('\n'),
          );
          log.length = 0;
        });
      },
      { LLAMA_API_KEY: KEY },
    );
  });

  it('may share memory between threads, so that a model may run in it', async () => {
    await withServer([], async ({ address }) => {
      await withPage(browser!, address, {}, async ({ page }) => {
        assert.equal(await page.evaluate('crossOriginIsolated'), true);
        assert.equal(await page.evaluate('new SharedArrayBuffer(8).byteLength'), 8);
      });
    });
  });

  it('works where browsers have no service worker, no clipboard and no random identifiers: over HTTP from another machine', async () => {
    await withServer([], async ({ address }) => {
      await withPage(browser!, address, {}, async ({ page }) => {
        await page.addInitScript(`
          delete Crypto.prototype.randomUUID;
          for (const name of ['serviceWorker', 'clipboard']) delete Navigator.prototype[name];`);
        await page.reload();
        await setUp(page, { Temperature: '0', 'Longest answer': '4' });
        await ask(page, 'Hello');
        await page.getByRole('button', { name: 'Copy', exact: true }).click();
        await page.getByText('Copied.').waitFor();
      });
    });
  });
});
