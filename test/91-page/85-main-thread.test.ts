// The main thread while a model in the tab answers and another one is downloaded: none of its tasks takes long.

import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { modelFile } from '../50-runtime/support.js';
import { launchChromium } from '../helpers/chromium.js';
import { type PlainHost, plainHost, type WeightsHost, weightsHost } from './plain-host.js';
import { setUp } from './support.js';
import { openInTab } from './tab-support.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** What a browser calls a long task. */
const LONG_MS = 50;
/** Other work of the machine, which empties its caches, may make one run slow. */
const TRIES = 3;
const LONG_ANSWER = '{"type": "array", "minItems": 300, "items": {"enum": [1, 2]}}';

/** An event of Chromium's trace; times are in microseconds, `tdur` of the CPU alone. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

describe('the main thread of the page', function () {
  this.timeout(240_000);
  let browser: Browser | null = null;
  let folder: string;
  let file: string;
  let host: PlainHost;
  let weights: WeightsHost;
  before(async function () {
    browser = await launchChromium();
    if (browser === null) return this.skip();
    folder = await mkdtemp(join(tmpdir(), 'llama-main-thread-'));
    await promisify(execFile)(process.execPath, [join(root, 'scripts/build/build-page.mjs'), join(folder, 'site')]);
    file = await modelFile('sample', 2);
    host = await plainHost(join(folder, 'site'), '/');
    weights = await weightsHost(file);
    weights.dribble();
  });
  after(async () => {
    await browser?.close();
    await host?.close();
    await weights?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  it(`has no task of more than ${LONG_MS} ms while a model in the tab answers and another one is downloaded`, async () => {
    const longest: number[] = [];
    for (let i = 0; i < TRIES && !longest.some((milliseconds) => milliseconds <= LONG_MS); i++) {
      const context = await browser!.newContext({ viewport: { width: 1280, height: 800 } });
      try {
        const page = await context.newPage();
        page.setDefaultTimeout(60_000);
        longest.push(await measured(page));
      } finally {
        await context.close();
      }
    }
    console.log(
      `      longest task: ${longest.map((milliseconds) => `${milliseconds.toFixed(1)} ms of CPU`).join(', ')}`,
    );
    assert.ok(Math.min(...longest) <= LONG_MS, String(longest));
  });

  /** The longest task of the main thread, in milliseconds of CPU: what others take away of it counts for nothing. */
  async function measured(page: Page): Promise<number> {
    await page.goto(host.address);
    while (!(await page.evaluate(`crossOriginIsolated && document.querySelector('h1') !== null`).catch(() => false)))
      await page.waitForTimeout(20);
    await openInTab(page, file);
    await setUp(page, { 'JSON schema': LONG_ANSWER });
    await page.evaluate(`
      globalThis.longTasks = [];
      new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });`);
    await page.getByRole('textbox', { name: 'Message', exact: true }).fill('Tell me a long story.');
    await browser!.startTracing(page, { categories: ['toplevel', '__metadata'] });
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await page.getByRole('button', { name: 'Model', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Address of a .bin file').fill(weights.address);
    await dialog.getByRole('button', { name: 'Download', exact: true }).click();
    await dialog.getByRole('progressbar', { name: 'Downloaded' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('details.facts').waitFor();
    await page.locator('article.answer[aria-busy=false]').waitFor();
    const trace = await browser!.stopTracing();
    const seen = await page.evaluate<number[]>('longTasks');
    if (seen.length > 0) console.log(`      long tasks by the clock: ${seen.map((one) => `${one} ms`).join(', ')}`);
    return longestOf(JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] });
  }
});

function longestOf({ traceEvents }: { readonly traceEvents: readonly TraceEvent[] }): number {
  const isMain = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const threads = new Set(isMain.map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(({ name, pid, tid }) => /RunTask$/.test(name) && threads.has(`${pid} ${tid}`));
  assert.ok(tasks.length > 100, `${tasks.length} tasks`);
  return Math.max(...tasks.map(({ tdur, dur }) => tdur ?? dur ?? 0)) / 1000;
}
