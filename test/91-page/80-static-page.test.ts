// The static build of the page on a plain host, without its headers: a service worker isolates it, and weights come from
// another host into the browser's own files.

import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { modelFile } from '../50-runtime/support.js';
import { type RunningServer, startServer } from '../90-server/serve-command.js';
import { launchChromium } from '../helpers/chromium.js';
import { type PlainHost, plainHost, weightsHost } from './plain-host.js';
import { answered, ask, faultsOf, messagesOf, setUp, until } from './support.js';
import { factsOf, openInTab } from './tab-support.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const QUESTION = 'What sound does a cow make?';
const repeatable = { Temperature: '0', 'Longest answer': '12', Seed: '7' };

describe('the static build of the page', function () {
  this.timeout(240_000);
  let browser: Browser | null = null;
  let folder: string;
  let file: string;
  let host: PlainHost;
  let weights: Awaited<ReturnType<typeof weightsHost>>;
  before(async function () {
    browser = await launchChromium();
    if (browser === null) return this.skip();
    folder = await mkdtemp(join(tmpdir(), 'llama-static-'));
    await promisify(execFile)(process.execPath, [join(root, 'scripts/build/build-page.mjs'), join(folder, 'site')]);
    file = await modelFile('sample', 2);
    host = await plainHost(join(folder, 'site'), '/some/folder/');
    weights = await weightsHost(file);
  });
  after(async () => {
    await browser?.close();
    await host?.close();
    await weights?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** Opens the page; at the end nothing may have gone wrong, except what `isExpected` knows. */
  async function open(
    use: (page: Page, context: BrowserContext) => Promise<void>,
    { isIsolated = true, viewport = { width: 1280, height: 800 }, isExpected = /^$/ } = {},
  ): Promise<void> {
    const context = await browser!.newContext({ viewport, serviceWorkers: isIsolated ? 'allow' : 'block' });
    const log: string[] = [];
    context.on('console', (message) => log.push(message.text()));
    context.on('weberror', (error) => log.push(String(error.error())));
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    try {
      await opened(page, isIsolated);
      await use(page, context);
      assert.deepEqual(
        log.filter((line) => !isExpected.test(line)),
        [],
      );
    } catch (error) {
      const shown = await page.innerText('body').catch(String);
      throw new Error(`${(error as Error).message}\nthe page: ${shown}\nits console: ${log.join('\n')}`, {
        cause: error,
      });
    } finally {
      await context.close();
    }
  }

  /** Waits until the page is loaded, once more where the service worker isolates it. */
  async function opened(page: Page, isIsolated: boolean, address = host.address): Promise<void> {
    const isThere = `crossOriginIsolated === ${isIsolated} && document.querySelector('h1') !== null`;
    await page.goto(address);
    // A page that is loaded again has no place to evaluate in for a moment.
    for (;;) {
      if (await page.evaluate(isThere).catch(() => false)) return;
      await page.waitForTimeout(20);
    }
  }

  it('is isolated by its service worker, in a folder of a host that sends no headers, and computes on threads', async () => {
    await open(async (page) => {
      await page.getByText('No model is open in this tab.').waitFor();
      await openInTab(page, file);
      await page.getByRole('button', { name: 'Model', exact: true }).click();
      assert.match(await page.getByRole('dialog').getByRole('status').innerText(), / is ready: \d+ threads?\.$/);
      await page.keyboard.press('Escape');
      await setUp(page, repeatable);
      await ask(page, QUESTION);
      assert.ok((await messagesOf(page))[1]!.length > 0);
    });
  });

  it('is the new one as soon as its host has it, though the host lets browsers keep files for a time', async () => {
    const site = join(folder, 'updated');
    await cp(join(folder, 'site'), site, { recursive: true });
    const keeping = await plainHost(site, '/page/', { 'cache-control': 'max-age=3600' });
    const context = await browser!.newContext();
    try {
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      await opened(page, true, keeping.address);
      const [former] = await page.evaluate<string[]>('caches.keys()');
      await appendFile(join(site, 'app.js'), '\nglobalThis.isNew = true;');
      const worker = join(site, 'service-worker.js');
      await writeFile(worker, (await readFile(worker, 'utf8')).replace(former!.replace(/^.*-/, ''), 'f'.repeat(16)));
      await page.reload();
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.equal(await page.evaluate('globalThis.isNew'), true);
      // The browser keeps the new one alone, and opens it without its host.
      const onlyNew = `caches.keys().then((names) => names.length === 1 && names[0].endsWith('ffff'))`;
      await until(page, onlyNew);
      await keeping.close();
      await page.reload();
      await page.getByRole('heading', { level: 1 }).waitFor();
      assert.equal(await page.evaluate('globalThis.isNew'), true);
    } finally {
      await context.close();
      await keeping.close();
    }
  });

  it('says why there is one thread where no service worker isolates it, and gives the same answer', async () => {
    const digests: string[] = [];
    for (const isIsolated of [true, false]) {
      await open(
        async (page) => {
          await openInTab(page, file);
          await page.getByRole('button', { name: 'Model', exact: true }).click();
          const words = await page.getByRole('dialog').getByRole('status').innerText();
          assert.equal(words.includes('one thread, as the page is not cross-origin isolated'), !isIsolated, words);
          await page.keyboard.press('Escape');
          await setUp(page, repeatable);
          await ask(page, QUESTION);
          digests.push((await factsOf(page)).get('Answer sha256')!);
        },
        { isIsolated, isExpected: /^Service Worker registration blocked/ },
      );
    }
    assert.equal(digests[0], digests[1]);
  });

  it('downloads a model from another host, goes on with it after it was stopped, keeps it over a reload, and removes it', async () => {
    await open(async (page) => {
      await page.getByRole('button', { name: 'Choose a model' }).click();
      const dialog = page.getByRole('dialog');
      weights.hold();
      await dialog.getByLabel('Address of a .bin file').fill(weights.address);
      await dialog.getByRole('button', { name: 'Download', exact: true }).click();
      await dialog.getByText(/^Downloading /).waitFor();
      assert.deepEqual(await faultsOf(page), []);
      await dialog.getByRole('button', { name: 'Stop the download' }).click();
      await dialog.getByRole('button', { name: 'Continue' }).waitFor();
      weights.release();
      await dialog.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByText(/ is ready: /).waitFor();
      await page.keyboard.press('Escape');
      await setUp(page, repeatable);
      await ask(page, QUESTION);
      const shown = await messagesOf(page);

      const nRequests = weights.nRequests();
      await page.reload();
      await page.getByRole('button', { name: 'Answer again' }).waitFor();
      await page.getByRole('button', { name: 'Model', exact: true }).click();
      await dialog.getByText(/ is ready: /).waitFor();
      assert.equal(weights.nRequests(), nRequests);
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Answer again' }).click();
      await answered(page);
      assert.deepEqual(await messagesOf(page), shown);

      await page.getByRole('button', { name: 'Model', exact: true }).click();
      await dialog.getByRole('button', { name: /^Remove / }).click();
      await dialog.getByRole('heading', { name: 'Kept in this browser' }).waitFor({ state: 'detached' });
    });
  });

  it('says what is wrong with an address, and what helps', async () => {
    await open(
      async (page) => {
        await page.getByRole('button', { name: 'Choose a model' }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('Address of a .bin file').fill(`${weights.address}.not-there`);
        await dialog.getByRole('button', { name: 'Download', exact: true }).click();
        await dialog.getByRole('alert').filter({ hasText: '404' }).waitFor();
      },
      { isExpected: /404/ },
    );
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no fault that axe finds at 360 pixels, ${colorScheme}, and is used by the keyboard`, async () => {
      await open(
        async (page) => {
          await page.emulateMedia({ colorScheme });
          const check = async (): Promise<void> => {
            assert.deepEqual(await faultsOf(page), []);
            assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= 360);
          };
          await check();
          await page.getByRole('button', { name: 'Choose a model' }).focus();
          await page.keyboard.press('Enter');
          const dialog = page.getByRole('dialog');
          await dialog.waitFor();
          await check();
          await dialog
            .getByLabel('Model file')
            .setInputFiles({ name: 'a.bin', mimeType: '', buffer: Buffer.alloc(999) });
          await dialog.getByRole('alert').waitFor();
          await check();
          await dialog.getByLabel('Model file').setInputFiles(file);
          await dialog.getByText(/ is ready: /).waitFor();
          await check();
          await dialog.getByLabel('a model in this tab').focus();
          await page.keyboard.press('ArrowUp');
          await dialog.getByLabel('Address').waitFor();
          await check();
          await page.keyboard.press('Escape');
          await dialog.waitFor({ state: 'detached' });
        },
        { viewport: { width: 360, height: 640 } },
      );
    });
  }

  it('talks to a server that allows it', async () => {
    let server: RunningServer | null = null;
    try {
      server = await startServer(['--allow-origin', new URL(host.address).origin]);
      const { address } = server;
      await open(async (page) => {
        await page.getByRole('button', { name: 'Model', exact: true }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByLabel('a server', { exact: true }).click();
        await dialog.getByLabel('Address').fill(address);
        await dialog.getByRole('button', { name: 'Use it' }).click();
        await dialog.getByText('The server answers.').waitFor();
        await page.keyboard.press('Escape');
        await setUp(page, repeatable);
        await ask(page, QUESTION);
        assert.match((await factsOf(page)).get('Answer sha256')!, /^[0-9a-f]{64}$/);
        await page.reload();
        await until(page, `document.querySelector('.head .hint') !== null`);
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}\nthe server: ${server?.stderr()}`, { cause: error });
    } finally {
      server?.child.kill('SIGKILL');
      await server?.over;
    }
  });
});
