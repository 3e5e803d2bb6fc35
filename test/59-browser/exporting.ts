// A page that exports, bundled as an application does it, and opened in Chromium.

import { strict as assert } from 'node:assert';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { hostFolder } from './static-host.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const packages = fileURLToPath(new URL('../../packages', import.meta.url));

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Bundles the page with its workers; returns the folder of its host. */
export async function bundleExportingPage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'llama-exporting-'));
  await build({
    entryPoints: {
      'app/page': join(here, 'exporting-page.ts'),
      'app/platform/browser-worker': join(packages, 'kernels/dist/platform/browser-worker.js'),
      'app/platform/browser-export-worker': join(packages, 'exporter/dist/platform/browser-export-worker.js'),
    },
    outdir: folder,
    chunkNames: 'app/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  });
  await cp(join(packages, 'kernels/wasm'), join(folder, 'wasm'), { recursive: true });
  const html = `<!doctype html><link rel="icon" href="data:,"><script type="module" src="/app/page.js"></script>
    <input type="file" webkitdirectory>`;
  await writeFile(join(folder, 'index.html'), html);
  return folder;
}

/** Options of {@link inExportingPage}. */
export interface ExportingPageOptions {
  readonly folder: string;
  readonly browser: Browser;
  readonly isIsolated: boolean;
  /** The folder of the page's input. */
  readonly chosen?: string;
}

/** Opens the page on an origin of its own, whose private file system is empty. */
export async function inExportingPage<T>(
  { folder, browser, isIsolated, chosen }: ExportingPageOptions,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  return hostFolder(folder, { headers: isIsolated ? isolation : {} }, async (origin) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${origin}/index.html`);
    await page.waitForFunction('globalThis.isReady === true');
    if (chosen !== undefined) await page.locator('input').setInputFiles(chosen);
    const result = await use(page);
    assert.deepEqual(errors, []);
    await context.close();
    return result;
  });
}

/** Removes what {@link bundleExportingPage} made. */
export function removeExportingPage(folder: string | undefined): Promise<void> {
  return folder === undefined ? Promise.resolve() : rm(folder, { recursive: true });
}
