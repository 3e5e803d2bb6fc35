// The token view, forms of answers, tool calls with their results, and files of conversations, in Chromium.

import { strict as assert } from 'node:assert';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type RunningServer, startServer } from '../90-server/serve-command.js';
import { launchChromium } from '../helpers/chromium.js';
import { llamaFile, readJson } from '../helpers/tokenizers.js';
import { answered, ask, messagesOf, type OpenPage, setUp, withPage } from './support.js';

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { enum: ['Oslo'] } }, required: ['city'] },
  },
};

describe('the page', function () {
  this.timeout(180_000);
  let browser: Browser | null = null;
  let server: RunningServer;
  let folder: string;
  before(async function () {
    browser = await launchChromium();
    if (browser === null) return this.skip();
    folder = await mkdtemp(join(tmpdir(), 'llama-page-'));
    const template = join(folder, 'template.jinja');
    await writeFile(template, readJson<{ chat_template: string }>(llamaFile('tokenizer_config.json')).chat_template);
    server = await startServer(['--chat-template', template, '--date', '2024-07-26']);
  });
  after(async () => {
    await browser?.close();
    server?.child.kill('SIGKILL');
    await server?.over;
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const open = (use: (open: OpenPage) => Promise<void>): Promise<void> => withPage(browser!, server.address, {}, use);

  it('shows every token of an answer with its probability and what else might have come, as the API says them', async () => {
    await open(async ({ page }) => {
      await setUp(page, { Temperature: '0', 'Longest answer': '20', Seed: '1' });
      await ask(page, 'What sound does a cow make?');
      await page.getByRole('button', { name: 'Tokens' }).click();
      const init = {
        method: 'POST',
        body: JSON.stringify({
          messages: [{ role: 'user', content: 'What sound does a cow make?' }],
          ...{ temperature: 0, max_completion_tokens: 20, seed: 1, logprobs: true, top_logprobs: 5 },
        }),
      };
      const response = await fetch(`${server.address}/v1/chat/completions`, init);
      const { choices } = (await response.json()) as {
        choices: {
          logprobs: { content: { token: string; logprob: number; top_logprobs: { logprob: number }[] }[] };
        }[];
      };
      const expected = choices[0]!.logprobs.content;
      const tokens = page.locator('.token');
      assert.equal(await tokens.count(), expected.length);
      const texts = await tokens.allInnerTexts();
      assert.equal(
        texts.join('').replaceAll('␣', ' ').replaceAll('↵', '\n'),
        expected.map(({ token }) => token).join(''),
      );

      const lowest = Math.min(...expected.map(({ logprob }) => logprob));
      const doubtful = expected.findIndex(({ logprob }) => logprob === lowest);
      await tokens.nth(doubtful).hover();
      const detail = page.getByRole('tooltip');
      const figures = await detail.locator('li .figure').allInnerTexts();
      const { logprob, top_logprobs: top } = expected[doubtful]!;
      assert.equal(figures.length, top.length);
      const near = (shown: string, wanted: number): void =>
        assert.ok(Math.abs(Number.parseFloat(shown) - 100 * Math.exp(wanted)) <= 0.6, `${shown} for ${wanted}`);
      for (const [i, figure] of figures.entries()) near(figure, top[i]!.logprob);
      near((await detail.locator('.is-chosen .figure').innerText()).trim(), logprob);
      await page.mouse.move(0, 0);
      await detail.waitFor({ state: 'detached' });

      // The keyboard has one stop for all of them, and arrows.
      await page.getByRole('button', { name: 'Tokens' }).focus();
      await page.locator('.token[tabindex="0"]').focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowRight');
      assert.equal(await page.evaluate(`document.activeElement.getAttribute('data-index')`), '1');
      assert.match((await page.locator('.token:focus').getAttribute('aria-label'))!, /, [\d.]+ %$/);
      const describedBy = await page.locator('.token:focus').getAttribute('aria-describedby');
      assert.equal(await detail.getAttribute('id'), describedBy);
      await page.keyboard.press('End');
      assert.equal(
        await page.evaluate(`document.activeElement.getAttribute('data-index')`),
        String(expected.length - 1),
      );
      await page.keyboard.press('Escape');
      await detail.waitFor({ state: 'detached' });

      await page.reload();
      await page.getByRole('button', { name: 'Tokens' }).click();
      assert.deepEqual(await tokens.allInnerTexts(), texts);
    });
  });

  it('holds answers to a schema that was pasted in, and says what is wrong with one before it is sent', async () => {
    await open(async ({ page }) => {
      await page.getByRole('button', { name: 'Settings' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('JSON schema').fill('{"type": ');
      await dialog.getByText(/^no JSON/).waitFor();
      await dialog.getByRole('button', { name: 'Save' }).click();
      assert.equal(await page.evaluate('document.activeElement.name'), 'schema');
      assert.equal(await dialog.getByLabel('JSON schema').getAttribute('aria-invalid'), 'true');
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      const schema = {
        type: 'object',
        properties: { legs: { enum: [2, 4] } },
        required: ['legs'],
        additionalProperties: false,
      };
      await setUp(page, { 'JSON schema': JSON.stringify(schema), 'Longest answer': '40' });
      await ask(page, 'Describe a cow.');
      const { legs } = JSON.parse((await messagesOf(page))[1]!) as { legs: number };
      assert.ok([2, 4].includes(legs));
    });
  });

  it('shows a tool call as one, and sends the result that is typed in, also another one later', async () => {
    await open(async ({ page }) => {
      const bodies: { messages: object[]; tool_choice: unknown }[] = [];
      page.on('request', (request) => {
        if (request.url().endsWith('/completions')) bodies.push(request.postDataJSON());
      });
      await setUp(page, { Tools: JSON.stringify([weather]), 'Longest answer': '60', Seed: '1' });
      await choose(page, 'required');
      await ask(page, 'How warm is it in Oslo?');
      const call = page.getByRole('region', { name: 'Call of get_weather' });
      assert.deepEqual(JSON.parse(await call.locator('pre').innerText()), { city: 'Oslo' });
      await choose(page, 'none');
      await call.getByLabel('Result').fill('17 degrees');
      await page.getByRole('button', { name: 'Send result' }).click();
      await page.locator('article.answer').nth(1).waitFor();
      await answered(page);
      const [first, second] = bodies;
      assert.equal(first!.tool_choice, 'required');
      const [, said, result] = second!.messages as {
        role: string;
        content: string;
        tool_call_id: string;
        tool_calls: { id: string }[];
      }[];
      assert.deepEqual([result!.role, result!.content], ['tool', '17 degrees']);
      assert.equal(result!.tool_call_id, said!.tool_calls[0]!.id);

      await call.getByLabel('Result').fill('minus 3');
      await page.getByRole('button', { name: 'Send again' }).click();
      while (bodies.length < 3) await page.waitForTimeout(20);
      await answered(page);
      assert.equal((bodies[2]!.messages[2] as { content: string }).content, 'minus 3');
      await page.reload();
      await call.waitFor();
      assert.equal(await call.getByLabel('Result').inputValue(), 'minus 3');
    });
  });

  it('exports conversations as JSON and imports them, and never overwrites one', async () => {
    await open(async ({ page }) => {
      await setUp(page, { Temperature: '1', 'Longest answer': '8' });
      await ask(page, 'Tell me of a cow.');
      await page.getByRole('button', { name: 'Answer again' }).click();
      await answered(page);
      const shown = await messagesOf(page);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export all conversations' }).click(),
      ]);
      const file = join(folder, 'conversations.json');
      await download.saveAs(file);
      const { conversations } = JSON.parse(await readFile(file, 'utf8'));
      assert.deepEqual([conversations.length, conversations[0].messages.length], [1, 3]);

      await page.locator('input[type=file]').setInputFiles(file);
      await page.getByText('Imported a conversation.').waitFor();
      const list = page.getByRole('navigation', { name: 'Conversations' }).getByRole('button');
      assert.equal(await list.count(), 2);
      await open(async ({ page: other }) => {
        await other.locator('input[type=file]').setInputFiles(file);
        await other.getByText('Imported a conversation.').waitFor();
        assert.deepEqual(await messagesOf(other), shown);
        await other.getByRole('button', { name: 'Former answer' }).click();
        await other.getByText('1 of 2').waitFor();
        await other.reload();
        await other.getByText('1 of 2').waitFor();

        const bad = join(folder, 'bad.json');
        await writeFile(bad, '{"format": "other"}');
        await other.locator('input[type=file]').setInputFiles(bad);
        await other.getByRole('alert').filter({ hasText: 'no export of conversations' }).waitFor();
      });
    });
  });
});

async function choose(page: Page, choice: string): Promise<void> {
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('dialog').getByLabel('Calls').selectOption(choice);
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
}
