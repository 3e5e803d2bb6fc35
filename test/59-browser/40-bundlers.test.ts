// The page of examples/browser as each bundler makes it, and as static files without one, in a real browser: under a policy
// that allows WebAssembly and no other code of strings, it answers with Node's tokens.

import { strict as assert } from 'node:assert';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { generate, openModel } from '@llama-ts/runtime';
import type { Browser } from 'playwright-core';
import { modelFile } from '../50-runtime/support.js';
import { launchChromium } from '../helpers/chromium.js';
import { hostFolder } from './static-host.js';

const example = fileURLToPath(new URL('../../examples/browser/', import.meta.url));
const packages = fileURLToPath(new URL('../../packages/', import.meta.url));
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
/** What docs/browser.md says a page may load for `generate`. */
const MAX_GZIP_BYTES = 250_000;

/** A way to put the page into a folder. @returns its page */
const ways: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  async Vite(folder) {
    const { build } = await import('vite');
    await build({ root: example, logLevel: 'warn', build: { outDir: folder, emptyOutDir: true } });
    return 'index.html';
  },
  async esbuild(folder) {
    await promisify(execFile)(process.execPath, [join(example, 'esbuild.mjs'), folder]);
    return 'index.html';
  },
  async webpack(folder) {
    const { default: webpack } = await import('webpack');
    const { default: config } = await import(new URL('webpack.config.js', `file://${example}`).href);
    const compiler = webpack({
      ...config,
      output: { ...config.output, path: folder },
      optimization: { minimize: false }, // which takes half a minute on a busy machine
    });
    const stats = await promisify(compiler.run.bind(compiler))();
    await promisify(compiler.close.bind(compiler))();
    assert.equal(stats?.hasErrors(), false, stats?.toString());
    return 'index.html';
  },
  async 'no bundler'(folder) {
    for (const file of ['static.html', 'page.js']) await cp(join(example, file), join(folder, file));
    for (const name of ['base', 'format', 'kernels', 'runtime']) {
      for (const part of ['dist', 'wasm']) {
        const to = join(folder, 'llama-ts', name, part);
        await cp(join(packages, name, part), to, { recursive: true }).catch(absent);
      }
    }
    return 'static.html';
  },
};

describe('the example page', function () {
  this.timeout(120_000);
  const prompt = 'Once upon a time';
  let browser: Browser | null = null;
  let model: string;
  let expected: readonly number[];
  let scratch: string;

  before(async function () {
    browser = await launchChromium();
    if (browser === null) return this.skip();
    scratch = await mkdtemp(join(tmpdir(), 'llama-example-'));
    model = await modelFile('sample', 2);
    const opened = await openModel(model);
    const tokens: number[] = [];
    for await (const event of generate(opened, prompt, { temperature: 0, maxTokens: 40 })) {
      if (event.type === 'token') tokens.push(event.id);
    }
    await opened.close();
    expected = tokens;
  });

  after(async () => {
    await browser?.close();
    if (scratch !== undefined) await rm(scratch, { recursive: true });
  });

  for (const [name, make] of Object.entries(ways)) {
    it(`made with ${name} answers with Node's tokens, on workers and without, and evaluates no text as code`, async () => {
      const folder = join(scratch, name.replaceAll(' ', '-'));
      const page = await make(folder);
      const policy = { 'Content-Security-Policy': policyFor(await readFile(join(folder, page), 'utf8')) };
      const isolated = await answer(folder, page, { ...isolation, ...policy });
      assert.match(isolated.status, /^wasm, threads: [1-9]/);
      assert.deepEqual(isolated.tokens, expected);
      const alone = await answer(folder, page, policy);
      assert.equal(alone.status, 'wasm, threads: 0');
      assert.deepEqual(alone.tokens, expected);
      if (name === 'esbuild') assert.ok(isolated.gzipBytes <= MAX_GZIP_BYTES, `${isolated.gzipBytes} bytes`);
    });
  }

  /** Opens the model in the page, and reads its answer. */
  async function answer(folder: string, file: string, headers: Readonly<Record<string, string>>) {
    let gzipBytes = 0;
    const onServed = (_: string, bytes: Uint8Array): void => {
      gzipBytes += gzipSync(bytes).length;
    };
    return hostFolder(folder, { headers, onServed }, async (origin) => {
      const page = await browser!.newPage();
      const log: string[] = [];
      page.on('pageerror', (error) => log.push(error.message));
      page.on('console', (message) => log.push(message.text()));
      await page.goto(`${origin}/${file}`);
      await page.locator('#prompt').fill(prompt);
      await page.locator('#file').setInputFiles(model);
      await page.locator('#start:enabled').click();
      // Enabled again at the end of the answer, or an error is shown.
      await page.locator('#start:enabled').waitFor();
      const status = (await page.locator('#status').textContent())!;
      const titles = await page
        .locator('#answer [title]')
        .evaluateAll((parts) => parts.map((part) => (part as unknown as { title: string }).title));
      await page.close();
      assert.deepEqual(log, []);
      return { status, tokens: titles.map(Number), gzipBytes };
    });
  }
});

/** Files of the page's host alone, WebAssembly, and the import map that the page holds. */
function policyFor(html: string): string {
  const map = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html)?.[1];
  const hash = map === undefined ? '' : ` 'sha256-${createHash('sha256').update(map).digest('base64')}'`;
  return `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'${hash}; img-src data:`;
}

function absent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
