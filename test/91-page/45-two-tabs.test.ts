// One conversation in two tabs of Chromium: what either writes is kept, and both show it.

import { strict as assert } from 'node:assert';
import type { BrowserContext, Page } from 'playwright-core';
import { readTransfer } from '../../packages/web/src/page/conversation/transfer.js';
import type { RunningServer } from '../90-server/serve-command.js';
import { answered, ask, browserAndServer, messagesOf, setUp, until, withPage, withServer } from './support.js';

const repeatable = { Temperature: '0', 'Longest answer': '6', Seed: '7' };
/** So hot that no end token comes for long. */
const LONG = { Temperature: '5', 'Longest answer': '1800', Seed: '3' };

describe('a conversation in two tabs', function () {
  this.timeout(180_000);
  const on = browserAndServer();

  /** Opens a conversation of one question in two tabs. */
  async function open(
    address: string,
    use: (one: Page, other: Page, context: BrowserContext) => Promise<void>,
    settings: Readonly<Record<string, string>> = repeatable,
  ): Promise<void> {
    await withPage(on.browser, address, {}, async ({ page, context }) => {
      await setUp(page, { ...settings, 'Longest answer': '6' });
      await ask(page, 'One');
      await setUp(page, settings);
      await use(page, await openTab(context, page.url()), context);
    });
  }
  /** The same on a server whose answers take long. */
  const openSlow = (use: (one: Page, other: Page, slow: RunningServer) => Promise<void>): Promise<void> =>
    withServer([], (slow) => open(slow.address, (one, other) => use(one, other, slow), LONG), {
      LLAMA_KERNELS: 'reference',
    });
  async function openTab(context: BrowserContext, address: string): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(address);
    await page.getByText('One', { exact: true }).first().waitFor();
    return page;
  }
  const send = async (page: Page, text: string): Promise<void> => {
    await page.getByRole('textbox', { name: 'Message', exact: true }).fill(text);
    await page.keyboard.press('Enter');
  };
  const shows = (page: Page, nMessages: number): Promise<void> =>
    until(page, `document.querySelectorAll('article.message').length === ${nMessages}`);

  it('goes on in either with what the other has said, and is the same in both after a reload', async () => {
    await open(on.server.address, async (one, other) => {
      await ask(one, 'Two');
      await shows(other, 4);
      await answered(other);
      await ask(other, 'Three');
      await shows(one, 6);
      await answered(one);
      const shown = await messagesOf(one);
      assert.deepEqual(
        shown.filter((_, i) => i % 2 === 0),
        ['One', 'Two', 'Three'],
      );
      assert.deepEqual(await messagesOf(other), shown);
      for (const page of [one, other]) {
        await page.reload();
        await shows(page, 6);
        assert.deepEqual(await messagesOf(page), shown);
        assert.equal(await page.locator('.branches').count(), 0);
      }
    });
  });

  it('keeps the messages of both when they are sent at the same time, as branches, and in the exported file', async () => {
    await open(on.server.address, async (one, other) => {
      await Promise.all([send(one, 'Left'), send(other, 'Right')]);
      for (const page of [one, other]) {
        await page.locator('.branches .figure', { hasText: 'of 2' }).first().waitFor();
        await answered(page);
      }
      assert.deepEqual([(await messagesOf(one))[2], (await messagesOf(other))[2]], ['Left', 'Right']);
      for (const page of [one, other]) {
        await page.reload();
        await shows(page, 4);
        const saved = page.waitForEvent('download');
        await page.getByRole('button', { name: 'Export this conversation' }).click();
        const stream = await (await saved).createReadStream();
        const [conversation] = readTransfer(Buffer.concat(await stream.toArray()).toString());
        const said = conversation!.messages.filter(({ role }) => role === 'user').map(({ content }) => content);
        assert.deepEqual(said.sort(), ['Left', 'One', 'Right']);
        assert.equal(conversation!.messages.length, 6);
      }
    });
  });

  it('keeps the name that one tab gave it when the other one writes', async () => {
    await open(on.server.address, async (one, other) => {
      await one.getByRole('button', { name: 'Rename' }).click();
      await one.getByLabel('Title').fill('Named');
      await one.keyboard.press('Enter');
      await other.getByRole('heading', { level: 1, name: 'Named' }).waitFor();
      await ask(other, 'Two');
      await one.reload();
      await shows(one, 4);
      assert.equal(await one.getByRole('heading', { level: 1 }).innerText(), 'Named');
    });
  });

  it('shows in one tab the answer that comes in the other, and stops it from there', async () => {
    await openSlow(async (one, other) => {
      await send(one, 'Tell me a long story.');
      await until(other, `document.querySelector('[aria-busy=true]') !== null`);
      await until(other, `([...document.querySelectorAll('.prose')].at(-1).textContent).length > 20`);
      await other.getByRole('button', { name: 'Stop' }).click();
      for (const page of [one, other]) await page.locator('.outcome', { hasText: 'Stopped.' }).waitFor();
      await answered(other);
      assert.deepEqual(await messagesOf(one), await messagesOf(other));
    });
  });

  it('says in one tab that the other was closed before the answer ended', async () => {
    await openSlow(async (one, other) => {
      await send(one, 'Tell me a long story.');
      await until(other, `document.querySelector('[aria-busy=true]') !== null`);
      await one.close();
      await other.getByText('The page was closed before the answer ended.').waitFor();
      await setUp(other, repeatable);
      await ask(other, 'Go on.');
      await shows(other, 6);
    });
  });

  it('is gone from both when one deletes it, also while an answer comes in the other', async () => {
    await openSlow(async (one, other, slow) => {
      await send(one, 'Tell me a long story.');
      await until(other, `document.querySelector('[aria-busy=true]') !== null`);
      await other.getByRole('button', { name: 'Delete' }).click();
      await other.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await one.getByText('The conversation was deleted in another tab.').waitFor();
      while (!slow.log().some(({ error }) => error === 'the client has left')) await one.waitForTimeout(20);
      for (const page of [one, other]) {
        await page.reload();
        await page.getByText('What you talk about is kept in this browser.').waitFor();
      }
    });
  });
});
