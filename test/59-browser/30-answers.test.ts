// Golden logits in a real browser, and what answers are made of there: a chat, a schema, sampling, sessions saved and loaded.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { type GoldenModel, golden, goldenTokens, modelFile } from '../50-runtime/support.js';
import { launchChromium } from '../helpers/chromium.js';
import { type Answered, type compareLogits, converse } from './answers.js';
import { bundleForBrowser, type Served, serve } from './support.js';

const PAGE = `
import { compareLogits, converse } from './answers.ts';
const blob = async (path) => (await fetch(path)).blob();
globalThis.converse = async (options, hasSession) =>
  converse(await blob('/sample.bin'), options, hasSession ? await blob('/talk.session') : undefined);
globalThis.compare = async (name, golden, options, tokens) =>
  compareLogits(await blob(name), await (await blob(golden)).arrayBuffer(), options, tokens);
globalThis.isReady = true;
`;

const goldens: readonly { readonly model: GoldenModel; readonly version: 1 | 2 }[] = [
  { model: 'tied-gqa-bf16', version: 1 },
  { model: 'tied-gqa-bf16', version: 2 },
  { model: 'untied-mha-f32', version: 2 },
  { model: 'sample', version: 2 },
];

describe('in Chromium', function () {
  this.timeout(120_000);
  let browser: Browser | null = null;
  let files: Served;
  let expected: Answered;

  before(async function () {
    browser = await launchChromium();
    if (browser === null) return this.skip();
    const sample = await modelFile('sample', 2);
    expected = await converse(sample, { threads: 1 });
    const ofModels = goldens.map(
      async ({ model, version }): Promise<[string, Uint8Array][]> => [
        [`/${model}-v${version}.bin`, await readFile(await modelFile(model, version))],
        [`/${model}-v${version}.f32`, golden(model, `canonical-v${version}.f32`)],
      ],
    );
    files = new Map<string, Uint8Array | string>([
      [
        '/index.html',
        '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/app/page.js"></script>',
      ],
      ['/sample.bin', await readFile(sample)],
      ['/talk.session', Uint8Array.from(expected.session)],
      ...(await Promise.all(ofModels)).flat(),
      ...(await bundleForBrowser(PAGE)).map(({ name, text }) => [`/app/${name}`, text] as const),
    ]);
  });

  after(() => browser?.close());

  for (const { name, isIsolated, options, threads } of [
    { name: 'on one thread', isIsolated: true, options: { threads: 1 }, threads: 1 },
    { name: 'on two threads', isIsolated: true, options: { threads: 2 }, threads: 2 },
    { name: 'in a page that is not isolated', isIsolated: false, options: {}, threads: 0 },
  ]) {
    it(`logits equal the independent implementation's bit for bit, ${name}`, async () => {
      await inPage(isIsolated, async (page) => {
        for (const { model, version } of goldens) {
          const names = [`/${model}-v${version}.bin`, `/${model}-v${version}.f32`];
          const call = `compare(...${JSON.stringify([...names, options, goldenTokens(model)])})`;
          const found = await page.evaluate<Awaited<ReturnType<typeof compareLogits>>>(call);
          assert.deepEqual(found, { count: 0, differing: -1, threads }, names[0]);
        }
      });
    });

    it(`a chat, JSON of a schema, sampled tokens and a session's bytes are Node's, ${name}`, async () => {
      await inPage(isIsolated, async (page) => {
        const own = await page.evaluate<Answered>(`converse(${JSON.stringify(options)}, false)`);
        assert.deepEqual(own, expected);
        assert.equal(own.resumed, own.next);
        assert.deepEqual(Object.keys(JSON.parse(own.json)), ['name', 'legs']);
        const resumed = await page.evaluate<Answered>(`converse(${JSON.stringify(options)}, true)`);
        assert.equal(resumed.resumed, expected.next, 'from the session that Node saved');
      });
    });
  }

  async function inPage(isIsolated: boolean, use: (page: Page) => Promise<void>): Promise<void> {
    await serve({ files, isIsolated }, async (origin) => {
      const page = await browser!.newPage();
      const log: string[] = [];
      page.on('pageerror', (error) => log.push(error.message));
      page.on('console', (message) => log.push(message.text()));
      await page.goto(`${origin}/index.html`);
      await page.waitForFunction('globalThis.isReady === true');
      await use(page);
      assert.deepEqual(log, []);
      await page.close();
    });
  }
});
