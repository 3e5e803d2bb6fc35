// Models downloaded into the store in Chromium: cut, wrong, changed, and what is left then.

import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { generate, openModel } from '@llama-ts/runtime';
import type { Browser, Page } from 'playwright-core';
import { modelFile } from '../50-runtime/support.js';
import { launchChromium } from '../helpers/chromium.js';
import { servedFile } from './file-server.js';
import { assertWhole, fetchModel, openSite, type Site } from './support.js';

describe('a model downloaded into the store in Chromium', function () {
  this.timeout(120_000);
  let browser: Browser | null = null;
  let site: Site;
  let page: Page;
  let bytes: Buffer;
  let sha256: string;

  before(async function () {
    browser = await launchChromium();
    if (browser === null) return this.skip();
    bytes = await readFile(await modelFile('sample', 2));
    sha256 = createHash('sha256').update(bytes).digest('hex');
    site = await openSite(browser);
    page = await site.openTab();
  });
  after(async () => {
    await site?.close();
    await browser?.close();
  });

  it('has the bytes of the server, and runs as it does in Node', async () => {
    site.server.files.set('/sample.bin', servedFile(bytes));
    const outcome = await fetchModel(page, '/sample.bin');
    assertWhole(outcome, sha256);
    const model = await openModel(await modelFile('sample', 2));
    const expected: number[] = [];
    for await (const event of generate(model, 'Once upon', { temperature: 0, maxTokens: 10 })) {
      if (event.type === 'token') expected.push(event.id);
    }
    await model.close();
    const tokens = await page.evaluate(`run('${site.server.origin}/sample.bin', 'Once upon', 10)`);
    assert.deepEqual(tokens, expected);
  });
});
