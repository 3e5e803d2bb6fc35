// A conversation on the page of a real server, in Chromium: answers, branches, stop, and what outlives the page.

import { strict as assert } from 'node:assert';
import type { BrowserContextOptions, Page } from 'playwright-core';
import {
  answered,
  ask,
  browserAndServer,
  messagesOf,
  type OpenPage,
  setUp,
  spaced,
  until,
  withPage,
  withServer,
} from './support.js';

/** Short, and the same each time. */
const repeatable = { Temperature: '0', 'Longest answer': '12' };
/** So hot that no end token comes for long. */
const LONG = { Temperature: '5', 'Longest answer': '1800', Seed: '3' };

describe('a conversation on the page', function () {
  this.timeout(180_000);
  const on = browserAndServer();

  const open = (use: (open: OpenPage) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> =>
    withPage(on.browser, on.server.address, options, use);
  const version = (page: Page): Promise<string[]> => page.locator('.branches .figure').allInnerTexts();

  it('has the answers that the API gives, keeps them over a reload, and says how they came about', async () => {
    await open(async ({ page }) => {
      await setUp(page, { ...repeatable, 'System prompt': 'You are a farmer.', Seed: '7' });
      await ask(page, 'What sound does a cow make?');
      await ask(page, 'And a duck?');
      const shown = await messagesOf(page);
      const said = async (messages: readonly object[]) => {
        const body = { messages, temperature: 0, max_completion_tokens: 12, seed: 7 };
        const init = { method: 'POST', body: JSON.stringify(body) };
        const response = await fetch(`${on.server.address}/v1/chat/completions`, init);
        const { choices, usage } = (await response.json()) as {
          choices: { message: { content: string } }[];
          usage: { prompt_tokens: number; completion_tokens: number };
        };
        return { text: choices[0]!.message.content, usage };
      };
      const asked = [
        { role: 'system', content: 'You are a farmer.' },
        { role: 'user', content: 'What sound does a cow make?' },
      ];
      const first = await said(asked);
      const second = await said([
        ...asked,
        { role: 'assistant', content: first.text },
        { role: 'user', content: 'And a duck?' },
      ]);
      assert.deepEqual(shown, ['What sound does a cow make?', spaced(first.text), 'And a duck?', spaced(second.text)]);
      const facts = page.locator('details.facts').last();
      await facts.locator('summary').click();
      const { prompt_tokens: nPrompt, completion_tokens: nAnswer } = second.usage;
      assert.match(await facts.innerText(), new RegExp(`^${nAnswer} tokens, [\\d.,]+ per second`));
      assert.match(await facts.innerText(), new RegExp(`${nPrompt} tokens, \\d+ of them cached`));
      assert.match(await facts.innerText(), /Seed\s+7\s/);
      assert.match(await page.locator('.context').innerText(), new RegExp(`^${nPrompt + nAnswer} of 2,048 tokens`));

      await page.reload();
      await page.locator('article.message').first().waitFor();
      assert.deepEqual(await messagesOf(page), shown);
      assert.equal(await page.title(), 'What sound does a cow make? – llama');
      await page.getByRole('button', { name: 'Settings' }).click();
      assert.equal(await page.getByLabel('System prompt').inputValue(), 'You are a farmer.');
    });
  });

  it('branches where a message is edited and where an answer is asked for again, and goes back to what was there', async () => {
    await open(async ({ page }) => {
      await setUp(page, { Temperature: '1.5', 'Longest answer': '12' });
      await ask(page, 'Tell me of a cow.');
      const first = await messagesOf(page);
      await ask(page, 'And then?');
      const longer = await messagesOf(page);
      await page.getByRole('button', { name: 'Answer again' }).first().click();
      await answered(page);
      const again = await messagesOf(page);
      assert.deepEqual([again.length, again[0]], [2, first[0]]);
      assert.deepEqual(await version(page), ['2 of 2']);
      await page.getByRole('button', { name: 'Former answer' }).click();
      await page.getByText('And then?').waitFor();
      assert.deepEqual(await messagesOf(page), longer);

      await page.getByRole('button', { name: 'Edit', exact: true }).first().click();
      await page.getByRole('textbox', { name: 'Edited message' }).fill('Tell me of a duck.');
      await page.keyboard.press('Enter');
      await answered(page);
      const edited = await messagesOf(page);
      assert.deepEqual([edited.length, edited[0]], [2, 'Tell me of a duck.']);
      await page.reload();
      await page.getByText('Tell me of a duck.').first().waitFor();
      assert.deepEqual(await messagesOf(page), edited);
      await page.getByRole('button', { name: 'Former message' }).click();
      await page.getByText('And then?').waitFor();
      assert.deepEqual(await messagesOf(page), longer);
      assert.deepEqual(await version(page), ['1 of 2', '1 of 2']);
      await page.getByRole('button', { name: 'Next answer' }).click();
      await page.getByText('And then?').waitFor({ state: 'detached' });
      assert.deepEqual(await messagesOf(page), again);
    });
  });

  it('stops an answer, which frees the server, and goes on after it', async () => {
    // Kernels so slow that the answer does not end by itself.
    await withServer(
      [],
      async (slow) => {
        await withPage(on.browser, slow.address, {}, async ({ page }) => {
          await setUp(page, LONG);
          const field = page.getByRole('textbox', { name: 'Message', exact: true });
          await field.fill('Tell me a long story.');
          await page.keyboard.press('Enter');
          await until(page, `(document.querySelector('.prose')?.textContent ?? '').length > 20`);
          await page.getByRole('button', { name: 'Stop' }).click();
          await page.locator('.outcome', { hasText: 'Stopped.' }).waitFor();
          while (!slow.log().some(({ error }) => error === 'the client has left')) await page.waitForTimeout(20);
          const [, partial] = await messagesOf(page);
          assert.ok(partial!.length > 20);
          await setUp(page, { 'Longest answer': '3' });
          await ask(page, 'Go on.');
          assert.equal((await messagesOf(page)).length, 4);
        });
      },
      { LLAMA_KERNELS: 'reference' },
    );
  });

  it('keeps what had come when the page was closed in the middle of an answer', async () => {
    await withServer(
      [],
      async (slow) => {
        await withPage(on.browser, slow.address, {}, async ({ page }) => {
          await setUp(page, LONG);
          await page.getByRole('textbox', { name: 'Message', exact: true }).fill('Tell me a long story.');
          await page.keyboard.press('Enter');
          await until(page, `(document.querySelector('.prose')?.textContent ?? '').length > 80`);
          await page.waitForTimeout(1500);
          await page.reload();
          await page.getByText('The page was closed before the answer ended.').waitFor();
          assert.ok((await messagesOf(page))[1]!.length > 20);
        });
      },
      { LLAMA_KERNELS: 'reference' },
    );
  });

  it('leaves the blocks of a long answer on the screen while more come', async () => {
    await open(async ({ page }) => {
      const words = (block: number): string => `Paragraph ${block} of a story.\n\n`;
      const chunks = Array.from({ length: 200 }, (_, i) => words(i));
      // An event in each frame, as a fast server sends them.
      await page.addInitScript(`{
        const original = fetch;
        const events = ${JSON.stringify(streamOf(chunks).body.split(/(?<=\n\n)/))};
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
        const body = () => new ReadableStream({
          async pull(controller) {
            await frame();
            const event = events.shift();
            if (event === undefined) controller.close();
            else controller.enqueue(new TextEncoder().encode(event));
          },
        });
        globalThis.fetch = (url, init) =>
          String(url).endsWith('/v1/chat/completions') ? Promise.resolve(new Response(body())) : original(url, init);
      }`);
      await page.reload();
      await page.evaluate(`
        globalThis.removed = 0;
        new MutationObserver((records) => {
          for (const { target, removedNodes } of records) {
            if (target.closest?.('.prose') && !target.closest('.block:last-child')) removed += removedNodes.length;
          }
        }).observe(document.body, { childList: true, subtree: true });`);
      await ask(page, 'Tell me a long story.');
      assert.equal(await page.locator('.prose .block').count(), chunks.length);
      assert.equal(await page.evaluate('removed'), 0);
      const { top, height, client } = await page.evaluate<{ top: number; height: number; client: number }>(`(() => {
        const { scrollTop: top, scrollHeight: height, clientHeight: client } = document.querySelector('.scroll');
        return { top, height, client };
      })()`);
      assert.ok(height - top - client < 2, 'the end is in view');
    });
  });

  it('shows Markdown, copies code, and shows HTML and pictures of a model as they were written', async () => {
    const code = 'const cow = "moo";\nreturn cow;';
    const text = `A **cow**:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nSee <img src=x onerror="alert(1)"> ![a cow](https://cows.example/cow.png) [bad](javascript:alert(1)) [good](https://cows.example/)`;
    const permissions = ['clipboard-read', 'clipboard-write'];
    await open(
      async ({ page }) => {
        await page.route('**/v1/chat/completions', (route) => route.fulfill(streamOf([text])));
        await ask(page, 'Show me a cow.');
        assert.equal(await page.locator('.prose strong').innerText(), 'cow');
        await page.locator('.prose').getByRole('button', { name: 'Copy' }).click();
        await page.getByRole('button', { name: 'Copied' }).waitFor();
        assert.equal(await page.evaluate('navigator.clipboard.readText()'), code);
        assert.equal(await page.locator('.prose img').count(), 0);
        assert.match(await page.locator('.prose').innerText(), /See <img src=x onerror="alert\(1\)"> a cow bad good/);
        const links = await page.evaluate(
          `[...document.querySelectorAll('.prose a')].map(({ href, rel }) => [href, rel])`,
        );
        assert.deepEqual(links, [
          ['https://cows.example/cow.png', 'noopener noreferrer'],
          ['https://cows.example/', 'noopener noreferrer'],
        ]);
      },
      { permissions },
    );
  });

  it('has conversations beside one another: begun, renamed, gone back to, deleted', async () => {
    await open(async ({ page }) => {
      await setUp(page, repeatable);
      await ask(page, 'One');
      await page.getByRole('button', { name: 'New conversation' }).click();
      await ask(page, 'Two');
      const list = page.getByRole('navigation', { name: 'Conversations' }).getByRole('button');
      assert.deepEqual(await list.allInnerTexts(), ['Two', 'One']);
      await page.getByRole('button', { name: 'Rename' }).click();
      await page.getByLabel('Title').fill('Second');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 1, name: 'Second' }).waitFor();
      await list.filter({ hasText: 'One' }).click();
      await page.getByRole('heading', { level: 1, name: 'One' }).waitFor();
      assert.equal((await messagesOf(page))[0], 'One');
      await page.goBack();
      await page.getByRole('heading', { level: 1, name: 'Second' }).waitFor();
      await page.getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
      await page.getByRole('heading', { level: 1, name: 'New conversation' }).waitFor();
      await page.reload();
      await list.first().waitFor();
      assert.deepEqual(await list.allInnerTexts(), ['One']);
    });
  });

  it('says what the server refuses, and asks again in the same place', async () => {
    await open(async ({ page, log }) => {
      await setUp(page, { 'JSON schema': '{"type": "nonsense"}', 'Longest answer': '8' });
      await page.getByRole('textbox', { name: 'Message', exact: true }).fill('Hello');
      await page.keyboard.press('Enter');
      await page
        .getByRole('alert')
        .filter({ hasText: /nonsense/ })
        .waitFor();
      await setUp(page, { 'JSON schema': '' });
      await page.getByRole('button', { name: 'Answer again' }).click();
      await answered(page);
      assert.equal((await messagesOf(page)).length, 2);
      assert.equal(await page.locator('.branches').count(), 0);
      // Chromium itself writes the status of a refusal into the console.
      assert.ok(
        log.every((line) => /status of 400/.test(line)),
        log.join('\n'),
      );
      log.length = 0;
    });
  });
});

/** A stream of a chat completion. */
function streamOf(texts: readonly string[]): { status: number; contentType: string; body: string } {
  const chunk = { id: 'x', created: 0, model: 'm', seed: 1, system_fingerprint: 'fp', object: 'chat.completion.chunk' };
  const choice = (delta: object, reason: string | null) => ({
    ...chunk,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
  });
  const usage = { prompt_tokens: 1, completion_tokens: texts.length, total_tokens: 1 + texts.length };
  const events = [
    ...texts.map((content) => choice({ content }, null)),
    choice({}, 'stop'),
    { ...chunk, choices: [], usage },
  ];
  const body = [...events.map((event) => JSON.stringify(event)), '[DONE]'].map((data) => `data: ${data}\n\n`).join('');
  return { status: 200, contentType: 'text/event-stream', body };
}
