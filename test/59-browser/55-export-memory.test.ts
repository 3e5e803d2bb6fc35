// Exporting 200 MB in a tab takes memory for blocks, not for the model.

import { strict as assert } from 'node:assert';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportModel } from '@llama-ts/exporter';
import type { Browser } from 'playwright-core';
import { makeModel } from '../../bench/make-model.js';
import { launchChromium } from '../helpers/chromium.js';
import { sha256 } from '../helpers/digests.js';
import { bundleExportingPage, inExportingPage, removeExportingPage } from './exporting.js';
import type { Ended } from './exporting-page.js';

/** Llama's vocabulary, whose tokenizer of 17 MB has to be read as well: 101 million parameters. */
const SHAPE = {
  hiddenSize: 512,
  intermediateSize: 2048,
  layers: 9,
  heads: 8,
  keyValueHeads: 4,
  headDim: 64,
  vocabSize: 128256,
};
/** Most of the tab's memory, with the browser's own code. */
const MAX_BYTES = 400e6;

describe('exporting 200 MB in Chromium', function () {
  this.timeout(300_000);
  let browser: Browser | null = null;
  let page: string | undefined;
  let scratch: string | undefined;

  before(async function () {
    if (process.platform !== 'linux') return this.skip();
    browser = await launchChromium();
    if (browser === null) return this.skip();
    scratch = await mkdtemp(join(tmpdir(), 'llama-export-memory-'));
    page = await bundleExportingPage();
    await makeModel(join(scratch, 'synthetic'), { shape: SHAPE, seed: 1 });
  });

  after(async () => {
    await browser?.close();
    await removeExportingPage(page);
    if (scratch !== undefined) await rm(scratch, { recursive: true });
  });

  it("writes the bytes of Node's export, and the tab never takes 400 MB", async () => {
    const source = join(scratch!, 'synthetic');
    const output = join(scratch!, 'synthetic.bin');
    for await (const _ of exportModel({ source, output, version: 2 }));
    const options = { folder: page!, browser: browser!, isIsolated: true, chosen: source };
    await inExportingPage(options, async (tab) => {
      const found = await tab.evaluate<Ended>(
        `run('input', { output: 'synthetic.bin', version: 2 }, undefined, false)`,
      );
      const memory = await largestRenderer(browser!);
      assert.deepEqual(found.failure, undefined, found.failure?.message);
      console.log(`      ${Math.round(memory / 1e6)} MB at most`);
      assert.ok(memory < MAX_BYTES, `${memory} bytes`);
      assert.equal(await tab.evaluate(`digest('synthetic.bin')`), sha256(await readFile(output)));
    });
  });
});

/** The most memory that a process of a page has taken, in bytes. */
async function largestRenderer(browser: Browser): Promise<number> {
  const client = await browser.newBrowserCDPSession();
  const { processInfo } = await client.send('SystemInfo.getProcessInfo');
  await client.detach();
  const most = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(async ({ id }) => {
      const status = await readFile(`/proc/${id}/status`, 'utf8');
      return 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(status)![1]);
    });
  return Math.max(...(await Promise.all(most)));
}
