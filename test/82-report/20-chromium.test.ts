// The report page in a real browser: no console message, no request, readable in light and dark and by a screen reader.

import { strict as assert } from 'node:assert';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { renderReport } from '@llama-ts/evaluate';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../helpers/chromium.js';
import { evaluation, verifySample, withFolder } from './support.js';

/** WCAG 2 level AA for normal text. */
const MIN_CONTRAST = 4.5;

// Scripts of the page are texts: the tests are compiled without the browser's types.
const COLORS = `['body', '.soft', 'svg text', 'mark'].map((selector) => {
  const { color, fill, backgroundColor } = getComputedStyle(document.querySelector(selector));
  const paper = getComputedStyle(document.body).backgroundColor;
  return [selector === 'svg text' ? fill : color, selector === 'mark' ? backgroundColor : paper];
})`;
const WORDS = `({
  labels: [...document.querySelectorAll('svg, section')].map((element) =>
    element.getAttribute('aria-labelledby').split(' ').map((id) => document.getElementById(id)?.textContent ?? '')),
  nPlots: document.querySelectorAll('svg[role=img]').length,
  captions: [...document.querySelectorAll('table')].map((table) => table.caption?.textContent ?? ''),
  cells: document.querySelectorAll('tbody tr > :first-child:not(th[scope=row])').length,
  ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
})`;
const HEIGHTS = `[...document.querySelectorAll('svg[aria-labelledby^="scales-"] rect')].map((rect) => rect.getAttribute('height'))`;

/** What {@link WORDS} gives. */
interface PageWords {
  readonly labels: readonly (readonly string[])[];
  readonly nPlots: number;
  readonly captions: readonly string[];
  readonly cells: number;
  readonly ids: readonly string[];
}

/** Relative luminance of `rgb(r, g, b)`. @see WCAG 2.2 */
function luminance(color: string): number {
  const channels = [...color.matchAll(/\d+/g)].slice(0, 3).map(([value]) => Number(value) / 255);
  const [r, g, b] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light! + 0.05) / (dark! + 0.05);
}

describe('the report page in Chromium', function () {
  this.timeout(120_000);
  let browser: Browser | null = null;

  before(async function () {
    browser = await launchChromium();
    if (browser === null) this.skip();
  });

  after(() => browser?.close());

  async function withPage(
    options: object,
    use: (page: Page, seen: { log: string[]; requests: string[] }) => Promise<void>,
  ) {
    const html = renderReport({ verify: await verifySample(), evaluation });
    await withFolder(async (folder) => {
      const file = join(folder, 'report.html');
      await writeFile(file, html);
      const page = await browser!.newPage(options);
      const seen = { log: [] as string[], requests: [] as string[] };
      page.on('console', (message) => seen.log.push(message.text()));
      page.on('pageerror', (error) => seen.log.push(error.message));
      page.on('request', (request) => seen.requests.push(request.url()));
      await page.goto(pathToFileURL(file).href, { waitUntil: 'networkidle' });
      await use(page, seen);
      assert.deepEqual(seen, { log: [], requests: [pathToFileURL(file).href] });
      await page.close();
    });
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`opens in ${colorScheme} without console messages, without requests, and with enough contrast`, async () => {
      await withPage({ colorScheme }, async (page) => {
        const colors: string[][] = await page.evaluate(COLORS);
        for (const [ink, paper] of colors) assert.ok(contrast(ink!, paper!) >= MIN_CONTRAST, `${ink} on ${paper}`);
        const isDark = luminance(colors[0]![1]!) < 0.1;
        assert.equal(isDark, colorScheme === 'dark');
      });
    });
  }

  it('has a name for every plot, table and section for a screen reader', async () => {
    await withPage({}, async (page) => {
      const found: PageWords = await page.evaluate(WORDS);
      assert.equal(found.nPlots, 8 + 1 + 2);
      assert.equal(found.labels.length, found.nPlots + 3);
      assert.ok(found.labels.flat().every((words) => words !== ''));
      assert.ok(found.captions.length >= 4 && found.captions.every((caption) => caption !== ''));
      assert.equal(found.cells, 0);
      assert.equal(new Set(found.ids).size, found.ids.length);
    });
  });

  it('fits a narrow screen and paper', async () => {
    await withPage({ viewport: { width: 360, height: 640 } }, async (page) => {
      const scrollWidth: number = await page.evaluate('document.documentElement.scrollWidth');
      assert.ok(scrollWidth <= 360);
      const pdf = await page.pdf({ format: 'A4' });
      assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
    });
  });

  it('draws bars as high as their values', async () => {
    await withPage({}, async (page) => {
      const heights: string[] = await page.evaluate(HEIGHTS);
      const counts = new Map<number, number>();
      for (const { scales } of (await verifySample()).tensors) {
        for (const { from, count } of scales) counts.set(from, (counts.get(from) ?? 0) + count);
      }
      const expected = [...counts.values()];
      const drawn = heights.map(Number).filter((height) => height > 0);
      const highest = Math.max(...expected);
      const tallest = Math.max(...drawn);
      assert.ok(tallest > 50);
      const ascending = [...counts].sort((a, b) => a[0] - b[0]).map(([, count]) => (count / highest) * tallest);
      const visible = ascending.filter((height) => height >= 0.1);
      assert.ok(visible.every((height) => drawn.some((other) => Math.abs(other - height) < 0.2)));
    });
  });
});
