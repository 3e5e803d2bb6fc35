// Answers of a chosen number of tokens, none included, at 360 pixels: what is clicked does not move away under the pointer.

import { strict as assert } from 'node:assert';
import type { Page } from 'playwright-core';
import { ask, browserAndServer, withPage } from './support.js';

const viewport = { width: 360, height: 640 };

describe('the page at 360 pixels', function () {
  this.timeout(240_000);
  const on = browserAndServer();

  it('hears a click at the end of the messages while the probabilities of the last token are shown', async () => {
    await withPage(on.browser, on.server.address, { viewport }, async ({ page }) => {
      await answerWith(page, 120);
      await ask(page, 'Tell me of cows.');
      const tokens = page.getByRole('button', { name: 'Tokens' });
      await tokens.click();
      await page.mouse.move(0, 0);
      await page.locator('.token').last().focus();
      await page.getByRole('tooltip').waitFor();
      await page.evaluate(`{ const list = document.querySelector('.scroll'); list.scrollTop = list.scrollHeight; }`);
      await tokens.click();
      assert.equal(await tokens.getAttribute('aria-pressed'), 'false');
    });
  });

  it('keeps the probabilities of the focused token on the screen when the pointer leaves the tokens', async () => {
    await withPage(on.browser, on.server.address, { viewport }, async ({ page }) => {
      await answerWith(page, 20);
      await ask(page, 'Tell me of cows.');
      await page.getByRole('button', { name: 'Tokens' }).click();
      await page.locator('.token').first().focus();
      await page.locator('.token').nth(3).hover();
      await page.locator('.token').nth(3).and(page.locator('[aria-describedby]')).waitFor();
      await page.mouse.move(0, 0);
      await page.locator('.token').first().and(page.locator('[aria-describedby]')).waitFor();
      await page.getByRole('tooltip').waitFor();
    });
  });

  it('says that an answer without a word has none', async () => {
    await withPage(on.browser, on.server.address, { viewport }, async ({ page }) => {
      await answerWith(page, 0);
      await ask(page, 'Say nothing.');
      await page.getByText('The model ended its answer before the first word.').waitFor();
      assert.ok(await page.getByRole('button', { name: 'Tokens' }).isDisabled());
    });
  });
});

/** Has the next answers consist of so many tokens, each with five alternatives. */
async function answerWith(page: Page, nTokens: number): Promise<void> {
  const top_logprobs = ['a', 'b', 'c', 'd', 'e'].map((token) => ({ token, logprob: -2, bytes: null }));
  const content = Array.from({ length: nTokens }, () => ({ token: ' cow', logprob: -1, bytes: null, top_logprobs }));
  const part = (delta: object, logprobs: object | null, finish_reason: string | null): string =>
    `data: ${JSON.stringify({ model: 'm', seed: 1, choices: [{ index: 0, delta, logprobs, finish_reason }] })}\n\n`;
  const body = `${part({ content: ' cow'.repeat(nTokens) }, { content }, null)}${part({}, null, 'stop')}data: [DONE]\n\n`;
  await page.route('**/v1/chat/completions', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
}
