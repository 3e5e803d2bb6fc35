// `llama serve` with its page open in Chromium.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { type RunningServer, startServer } from '../90-server/serve-command.js';
import { launchChromium } from '../helpers/chromium.js';

const axe = await readFile(fileURLToPath(import.meta.resolve('axe-core')), 'utf8');

/** A page of a server, and what it did. */
export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Addresses that the page asked for. */
  readonly requests: readonly string[];
  /** What its console said, and its errors. */
  readonly log: string[];
  /** Names what comes next; an error names it too. */
  step(name: string): void;
}

/** Opens the page of a server; at the end nothing may have been asked of anyone else, and nothing may have gone wrong. */
export async function withPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions,
  use: (open: OpenPage) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  let current: string | null = null;
  try {
    const requests: string[] = [];
    const log: string[] = [];
    context.on('request', (request) => requests.push(request.url()));
    context.on('console', (message) => log.push(message.text()));
    context.on('weberror', (error) => log.push(String(error.error())));
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(address);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const step = (name: string): void => {
      current = name;
    };
    await use({ page, context, requests, log, step });
    assert.deepEqual(log, []);
    for (const url of requests) assert.ok(/^(?:blob|data):/.test(url) || new URL(url).origin === address, url);
  } catch (error) {
    if (current === null) throw error;
    throw new Error(`in the step "${current}": ${(error as Error).message}`, { cause: error });
  } finally {
    await context.close();
  }
}

/** Chromium and a server of the sample model, for the tests of a `describe`; there when the first begins. Skips them without Chromium. */
export function browserAndServer(): { readonly browser: Browser; readonly server: RunningServer } {
  const found: { browser?: Browser; server?: RunningServer } = {};
  before(async function () {
    const browser = await launchChromium();
    if (browser === null) return this.skip();
    found.browser = browser;
    found.server = await startServer();
  });
  after(async () => {
    await found.browser?.close();
    found.server?.child.kill('SIGKILL');
    await found.server?.over;
  });
  return found as { readonly browser: Browser; readonly server: RunningServer };
}

/** Runs the server of the sample model, and ends it. */
export async function withServer(
  args: readonly string[],
  use: (server: RunningServer) => Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const server = await startServer(args, env);
  try {
    await use(server);
  } finally {
    server.child.kill('SIGKILL');
    await server.over;
  }
}

/** Sends a message and waits for the end of its answer. */
export async function ask(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message', exact: true }).fill(text);
  await page.keyboard.press('Enter');
  await answered(page);
}

/** Waits until no answer is coming. */
export async function answered(page: Page): Promise<void> {
  await page.locator('article.answer').last().waitFor();
  // What was done last is on the screen by the next frames.
  await page.evaluate(
    'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 50))))',
  );
  await until(page, `document.querySelector('[aria-busy=true]') === null`);
}

/** Waits until an expression holds. Playwright's own way evaluates in the page, which its policy forbids. */
export async function until(page: Page, expression: string): Promise<void> {
  while (!(await page.evaluate(expression))) await page.waitForTimeout(20);
}

/** The texts of the messages that are shown, questions and answers in turn. */
export async function messagesOf(page: Page): Promise<string[]> {
  const texts = await page.locator('article.message').locator('.bubble, .prose').allInnerTexts();
  return texts.map(spaced);
}

/** A text as it is compared: on the page, white space stands for the layout of Markdown. */
export function spaced(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

/** Changes settings of the conversation through its dialog. */
export async function setUp(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  await page.getByRole('button', { name: 'Settings' }).click();
  const dialog: Locator = page.getByRole('dialog');
  for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label, { exact: true }).fill(value);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** What axe objects to. */
export async function faultsOf(page: Page): Promise<string[]> {
  // The policy of the page lets no script in; the tools of the browser may.
  await page.evaluate(axe);
  return page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html.slice(0, 200) + ' ' + failureSummary).join(' | ')))`);
}
