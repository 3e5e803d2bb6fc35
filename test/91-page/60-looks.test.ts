// The page in light and dark, wide and at 360 pixels, by keyboard and for a screen reader, in Chromium.

import { strict as assert } from 'node:assert';
import { answered, ask, browserAndServer, faultsOf, messagesOf, setUp, spaced, until, withPage } from './support.js';

const narrow = { width: 360, height: 640 };
const wide = { width: 1280, height: 800 };

describe('the page', function () {
  this.timeout(240_000);
  const on = browserAndServer();

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const viewport of [wide, narrow]) {
      it(`has no fault that axe finds, and no width beyond its window, ${colorScheme} at ${viewport.width} pixels`, async () => {
        await withPage(on.browser, on.server.address, { colorScheme, viewport }, async ({ page, step }) => {
          const check = async (what: string): Promise<void> => {
            step(what);
            assert.deepEqual(await faultsOf(page), [], what);
            const width = await page.evaluate<number>('document.documentElement.scrollWidth');
            assert.ok(width <= viewport.width, `${what}: ${width}`);
          };
          await check('empty');
          await page.getByRole('button', { name: 'Settings' }).click();
          await check('settings');
          await page.getByLabel('Tools').fill('[');
          await check('settings with a problem');
          await page.keyboard.press('Escape');
          step('an answer');
          // A seed whose answers have words: one in a hundred ends at once.
          await setUp(page, { Temperature: '1', 'Longest answer': '30', Seed: '1' });
          await ask(page, 'Tell me of a cow, with a word that is longer than the page: '.concat('moo'.repeat(60)));
          step('another answer');
          await page.getByRole('button', { name: 'Answer again' }).click();
          await answered(page);
          step('facts');
          await page.locator('details.facts summary').click();
          await check('a conversation');
          step('the view of tokens');
          await page.getByRole('button', { name: 'Tokens' }).click();
          await page.locator('.token').last().focus();
          await check('the tokens');
          step('editing');
          await page.getByRole('button', { name: 'Edit', exact: true }).click();
          await check('an edited message');
          step('cancelling');
          await page.getByRole('button', { name: 'Cancel' }).click();
          if (viewport === narrow) await page.getByRole('button', { name: 'Conversations' }).click();
          await check('conversations');
          const paper = await page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
          assert.equal(Number(/\d+/.exec(paper)![0]) < 100, colorScheme === 'dark');
        });
      });
    }
  }

  it('shows code, tables, tool calls and refusals without a fault that axe finds, at 360 pixels too', async () => {
    const code = `${'x'.repeat(300)}`;
    const text = `# A cow\n\n\`\`\`ts\n${code}\n\`\`\`\n\n| a | ${'b'.repeat(80)} | c |\n|---|---|---|\n| 1 | 2 | 3 |\n\n1. one\n   - two`;
    const call = { index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: `{"a":"${code}"}` } };
    await withPage(on.browser, on.server.address, { viewport: narrow }, async ({ page }) => {
      await page.route('**/v1/chat/completions', (route) => {
        const part = (delta: object, reason: string | null) => {
          const choices = [{ index: 0, delta, logprobs: null, finish_reason: reason }];
          return `data: ${JSON.stringify({ model: 'm', seed: 1, choices })}\n\n`;
        };
        const body = `${part({ content: text }, null)}${part({ tool_calls: [call] }, null)}${part({}, 'tool_calls')}data: {"error":{"message":"the ${code} failed"}}\n\n`;
        return route.fulfill({ contentType: 'text/event-stream', body });
      });
      await ask(page, 'Show me a cow.');
      await page.getByRole('alert').waitFor();
      assert.deepEqual(await faultsOf(page), []);
      assert.ok((await page.evaluate<number>('document.documentElement.scrollWidth')) <= narrow.width);
    });
  });

  it('is used by the keyboard alone: a message, a stop at every control, a dialog that holds the focus and gives it back', async () => {
    await withPage(on.browser, on.server.address, { viewport: wide }, async ({ page }) => {
      const focused = (): Promise<string> =>
        page.evaluate(`document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent`);
      assert.equal(await focused(), 'Message');
      await page.keyboard.type('Hello\nthere');
      await page.getByRole('textbox', { name: 'Message', exact: true }).waitFor();
      await answered(page);
      assert.equal((await messagesOf(page))[0], 'Hello');
      const seen = new Set<string>();
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab');
        seen.add(await focused());
      }
      for (const name of [
        'New conversation',
        'Settings',
        'Rename',
        'Delete',
        'Answer again',
        'Copy',
        'Tokens',
        'Edit',
        'Message',
      ])
        assert.ok(
          [...seen].some((one) => one.includes(name)),
          `${name} of ${[...seen].join(', ')}`,
        );
      await page.getByRole('button', { name: 'Settings' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        assert.ok(
          await page.evaluate(
            `document.activeElement === document.body || document.activeElement.closest('dialog') !== null`,
          ),
        );
      }
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      assert.equal(await focused(), 'Settings');
    });
  });

  it('has the focus where one types as soon as that is in the document, before a frame was drawn', async () => {
    await withPage(on.browser, on.server.address, { viewport: wide }, async ({ page }) => {
      // Observers run before any frame, and effects that wait for one have not run then.
      await page.addInitScript(`
        globalThis.focusedAt = {};
        new MutationObserver(() => {
          for (const name of ['.composer textarea', '.edit textarea', 'dialog'])
            focusedAt[name] ??= document.querySelector(name)?.contains(document.activeElement);
        }).observe(document, { childList: true, subtree: true });`);
      await page.reload();
      await setUp(page, { Temperature: '0', 'Longest answer': '4' });
      await ask(page, 'Hello');
      await page.getByRole('button', { name: 'Edit', exact: true }).click();
      await page.getByRole('textbox', { name: 'Edited message' }).waitFor();
      assert.deepEqual(await page.evaluate('focusedAt'), {
        '.composer textarea': true,
        '.edit textarea': true,
        dialog: true,
      });
    });
  });

  it('opens a dialog again that the browser closed by itself', async () => {
    await withPage(on.browser, on.server.address, { viewport: wide }, async ({ page }) => {
      for (let i = 0; i < 2; i++) {
        await page.getByRole('button', { name: 'Settings' }).click();
        await page.getByRole('dialog').waitFor();
        // As a browser does that does not let a page hold the Escape key back.
        await page.evaluate(`document.querySelector('dialog').close()`);
        await page.locator('dialog').waitFor({ state: 'detached' });
      }
    });
  });

  it('tells a screen reader when an answer begins and what it says when it ends, and names who speaks', async () => {
    await withPage(on.browser, on.server.address, {}, async ({ page }) => {
      await page.evaluate(`
        globalThis.told = [];
        const status = [...document.querySelectorAll('[role=status]')].at(-1);
        new MutationObserver(() => told.push(status.textContent)).observe(status, { childList: true, characterData: true, subtree: true });`);
      await setUp(page, { Temperature: '0', 'Longest answer': '8' });
      await ask(page, 'What sound does a cow make?');
      const [, answer] = await messagesOf(page);
      await until(page, `told.at(-1) !== 'Answering.' && told.at(-1) !== ''`);
      const told = (await page.evaluate<string[]>('told')).filter((text) => text !== '');
      assert.equal(told[0], 'Answering.');
      assert.equal(spaced(told.at(-1)!), answer);
      assert.deepEqual(await page.getByRole('heading', { level: 2 }).allInnerTexts(), ['You', 'Answer']);
    });
  });

  it('keeps the colours that were chosen, whatever the system has', async () => {
    await withPage(on.browser, on.server.address, { colorScheme: 'dark' }, async ({ page }) => {
      const ink = (): Promise<string> => page.evaluate('getComputedStyle(document.documentElement).color');
      const dark = await ink();
      await page.getByRole('button', { name: 'Colours: as the system has it' }).click();
      const light = await ink();
      assert.notEqual(light, dark);
      await page.reload();
      await page.getByRole('button', { name: 'Colours: light' }).click();
      assert.equal(await ink(), dark);
    });
  });
});
