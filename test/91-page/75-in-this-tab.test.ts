// A model in the tab, on the page of a server: opened from a file, it answers as the server and the command line do.

import { strict as assert } from 'node:assert';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleModelPath } from '@llama-ts/sample-model';
import type { Browser } from 'playwright-core';
import { type RunningServer, startServer } from '../90-server/serve-command.js';
import { launchChromium } from '../helpers/chromium.js';
import { succeed } from '../helpers/run-llama.js';
import { llamaFile, readJson } from '../helpers/tokenizers.js';
import { answered, ask, messagesOf, type OpenPage, setUp, until, withPage } from './support.js';
import { factsOf, openInTab, watchWorkers } from './tab-support.js';

const QUESTION = 'What sound does a cow make?';
const repeatable = { Temperature: '1', 'Longest answer': '24', Seed: '7' };
/** Whatever the model says, its answer has more than 1000 tokens. */
const LONG = { 'JSON schema': '{"type": "array", "minItems": 500, "items": {"enum": [1, 2]}}' };
/** Presses Stop in the page itself, as soon as the answer has begun. */
const STOP_EARLY = `new Promise((resolve) => {
  const look = () => {
    if ((document.querySelector('.prose')?.textContent ?? '').length <= 20) return;
    observer.disconnect();
    document.querySelector('[aria-label=Stop]').click();
    resolve();
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, characterData: true, subtree: true });
  look();
})`;
const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { enum: ['Oslo'] } }, required: ['city'] },
  },
};

describe('a model in the tab', function () {
  this.timeout(240_000);
  let browser: Browser | null = null;
  let server: RunningServer;
  let folder: string;
  let file: string;

  before(async function () {
    browser = await launchChromium();
    if (browser === null) return this.skip();
    folder = await mkdtemp(join(tmpdir(), 'llama-tab-'));
    file = join(folder, 'cow.bin');
    const template = join(folder, 'template.jinja');
    await writeFile(template, readJson<{ chat_template: string }>(llamaFile('tokenizer_config.json')).chat_template);
    await succeed(['export', file, '--hf', sampleModelPath, '--version', '2', '--chat-template', template]);
    server = await startServer([file, '--alias', 'cow', '--date', '2024-07-26']);
  });
  after(async () => {
    await browser?.close();
    server?.child.kill('SIGKILL');
    await server?.over;
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const open = (use: (open: OpenPage) => Promise<void>): Promise<void> => withPage(browser!, server.address, {}, use);

  it('answers with the digests of the server of the same file, and of llama run, native and as WebAssembly', async () => {
    await open(async ({ page }) => {
      await setUp(page, { ...repeatable, Date: '26 Jul 2024' });
      await ask(page, QUESTION);
      const [, said] = await messagesOf(page);
      const fromServer = await factsOf(page);
      await openInTab(page, file);
      await page.getByRole('button', { name: 'New conversation' }).click();
      await ask(page, QUESTION);
      const fromTab = await factsOf(page);
      assert.deepEqual((await messagesOf(page))[1], said);
      for (const name of ['Prompt', 'Seed', 'Model', 'Model sha256', 'Answer sha256', 'Fingerprint']) {
        assert.equal(
          fromTab.get(name)!.replace(/\d+ of them.*/, ''),
          fromServer.get(name)!.replace(/\d+ of them.*/, ''),
          name,
        );
      }

      const prompt = await promptOf(server.address);
      for (const extra of [
        ['--threads', '2'],
        ['--threads', '1', '--backend', 'wasm'],
      ]) {
        const words = ['run', file, prompt, '--special', '--seed', '7', '--temperature', '1', '--max-tokens', '24'];
        const { stdout } = await succeed([...words, '--digest', '--json', ...extra]);
        const { digest, modelSha256 } = JSON.parse(stdout) as { digest: string; modelSha256: string };
        assert.deepEqual([modelSha256, digest], [fromTab.get('Model sha256'), fromTab.get('Answer sha256')]);
      }
    });
  });

  it('holds answers to a schema, calls tools, shows tokens, and says what is wrong with a request', async () => {
    await open(async ({ page }) => {
      await openInTab(page, file);
      const schema = { type: 'object', properties: { legs: { enum: [2, 4] } }, required: ['legs'] };
      await setUp(page, { 'JSON schema': JSON.stringify(schema), 'Longest answer': '40', Date: '26 Jul 2024' });
      await ask(page, 'Describe a cow.');
      assert.ok([2, 4].includes((JSON.parse((await messagesOf(page))[1]!) as { legs: number }).legs));
      await page.getByRole('button', { name: 'Tokens' }).click();
      assert.equal((await page.locator('.token').allInnerTexts()).join('').includes('legs'), true);
      await page.locator('.token').first().hover();
      assert.ok((await page.getByRole('tooltip').locator('li .figure').count()) >= 5);
      await page.mouse.move(0, 0);

      await setUp(page, { 'JSON schema': '', Tools: JSON.stringify([weather]), 'Longest answer': '60' });
      await page.getByRole('button', { name: 'Settings' }).click();
      await page.getByRole('dialog').getByLabel('Calls').selectOption('required');
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await ask(page, 'How warm is it in Oslo?');
      const call = page.getByRole('region', { name: 'Call of get_weather' });
      assert.deepEqual(JSON.parse(await call.locator('pre').innerText()), { city: 'Oslo' });
      await call.getByLabel('Result').fill('17 degrees');
      await page.getByRole('button', { name: 'Send result' }).click();
      await page.locator('article.answer').nth(2).waitFor();
      await answered(page);
      await setUp(page, { Tools: '', 'Longest answer': '4000' });
      await ask(page, 'And in Rome?');
      await page.getByRole('alert').filter({ hasText: '4000' }).waitFor();
    });
  });

  it('stops within the pass that is under way, keeps what had come, and goes on', async () => {
    await open(async ({ page }) => {
      await watchWorkers(page);
      await openInTab(page, file);
      await setUp(page, LONG);
      await page.getByRole('textbox', { name: 'Message', exact: true }).fill('Tell me a long story.');
      await page.keyboard.press('Enter');
      await page.evaluate(STOP_EARLY);
      await page.locator('.outcome', { hasText: 'Stopped.' }).waitFor();
      await until(page, `ended.length === 1`);
      assert.deepEqual(await page.evaluate('ended'), [0]);
      await setUp(page, { 'JSON schema': '', 'Longest answer': '3' });
      await ask(page, 'Go on.');
      assert.equal((await messagesOf(page)).length, 4);
    });
  });

  it('is picked again after a reload, and the conversation is still there', async () => {
    await open(async ({ page }) => {
      await openInTab(page, file);
      await setUp(page, repeatable);
      await ask(page, QUESTION);
      const shown = await messagesOf(page);
      await page.reload();
      await page.getByText('No model is open in this tab.').waitFor();
      assert.deepEqual(await messagesOf(page), shown);
      await openInTab(page, file);
      await page.getByRole('button', { name: 'Answer again' }).click();
      await answered(page);
      assert.equal((await messagesOf(page))[1], shown[1]);
      await page.getByRole('button', { name: 'Model', exact: true }).click();
      await page.getByLabel('the server of this page').click();
      await page.getByText('The server answers.').waitFor();
    });
  });

  it('refuses a file that is damaged or no model, and says what helps', async () => {
    await open(async ({ page }) => {
      const bytes = await readFile(file);
      bytes[bytes.length >> 1]! ^= 1;
      await page.getByRole('button', { name: 'Model', exact: true }).click();
      await page.getByLabel('a model in this tab').click();
      const input = page.getByLabel('Model file');
      await input.setInputFiles({ name: 'damaged.bin', mimeType: '', buffer: bytes });
      const alert = page.getByRole('dialog').getByRole('alert');
      await alert.filter({ hasText: 'differs from its checksum' }).waitFor();
      assert.match(await alert.innerText(), /copy or download the file again/);
      await input.setInputFiles({ name: 'words.bin', mimeType: '', buffer: Buffer.from('moo'.repeat(200)) });
      await alert.filter({ hasText: 'words.bin' }).waitFor();
      // A file that is dropped is opened like one that is picked.
      const dropped = await page.evaluateHandle(
        `(async () => {
          const transfer = new DataTransfer();
          const bytes = Uint8Array.from(atob('${(await readFile(file)).toString('base64')}'), (c) => c.charCodeAt(0));
          transfer.items.add(new File([bytes], 'dropped.bin'));
          return transfer;
        })()`,
      );
      await page
        .getByRole('group', { name: 'A file of this machine' })
        .dispatchEvent('drop', { dataTransfer: dropped });
      await page.getByText('dropped is ready').first().waitFor();
    });
  });
});

/** The prompt of the question in the model's template, as the server writes it. */
async function promptOf(address: string): Promise<string> {
  const body = {
    messages: [{ role: 'user', content: QUESTION }],
    chat_template_kwargs: { date_string: '26 Jul 2024' },
  };
  const response = await fetch(`${address}/apply-template`, { method: 'POST', body: JSON.stringify(body) });
  return ((await response.json()) as { prompt: string }).prompt;
}
