// A model in a real browser: the tokens and the bits that Node has, with workers and without.

import { strict as assert } from 'node:assert';
import { readFile } from 'node:fs/promises';
import { generate, openModel } from '@llama-ts/runtime';
import type { Browser } from 'playwright-core';
import { modelFile } from '../50-runtime/support.js';
import { launchChromium } from '../helpers/chromium.js';
import { bundleForBrowser, type Served, serve } from './support.js';

const PROMPT = 'Once upon a time';
const MAX_TOKENS = 40;

/** What a page, or Node, computes with a model. */
interface Computed {
  readonly tokens: readonly number[];
  /** Bits of the logits of all positions. */
  readonly logits: readonly number[];
  readonly checksum: readonly number[];
}

interface ComputedInPage extends Computed {
  readonly backend: string;
  readonly threads: number;
  readonly isIsolated: boolean;
}

/** Runs in the page, and with other imports in Node. */
const compute = async (
  runtime: { readonly openModel: typeof openModel; readonly generate: typeof generate },
  from: string | Blob,
  options: { readonly threads?: number },
  { prompt, maxTokens }: { readonly prompt: string; readonly maxTokens: number },
): Promise<Computed & { readonly backend: string; readonly threads: number }> => {
  const model = await runtime.openModel(from, options);
  try {
    const tokens: number[] = [];
    for await (const event of runtime.generate(model, prompt, { temperature: 0, maxTokens })) {
      if (event.type === 'token') tokens.push(event.id);
    }
    const logits = await model.forward([{ cache: model.createCache(), position: 0, tokens }], { logits: 'all' });
    return {
      tokens,
      logits: [...new Uint32Array(logits.slice().buffer)],
      checksum: [...(await model.checksum())],
      backend: model.backend,
      threads: model.threads,
    };
  } finally {
    await model.close();
  }
};

const PAGE = `
import { generate, openModel } from '@llama-ts/runtime';
const compute = ${compute};
globalThis.run = async (options, request) => {
  const blob = await (await fetch('/model.bin')).blob();
  return { ...(await compute({ generate, openModel }, blob, options, request)), isIsolated: crossOriginIsolated };
};
globalThis.failureOf = async (from, options) => {
  try {
    await openModel(from === 'model' ? await (await fetch('/model.bin')).blob() : from, options);
  } catch ({ code, message, suggestions }) {
    return { code, message, suggestions };
  }
};
globalThis.isReady = true;
`;

describe('a model in Chromium', function () {
  this.timeout(120_000);
  const request = { prompt: PROMPT, maxTokens: MAX_TOKENS };
  let browser: Browser | null = null;
  let files: Served;
  let expected: Computed;

  before(async function () {
    browser = await launchChromium();
    if (browser === null) return this.skip();
    const path = await modelFile('sample', 2);
    const {
      backend: _backend,
      threads: _threads,
      ...computed
    } = await compute({ generate, openModel }, path, {}, request);
    expected = computed;
    assert.equal(expected.tokens.length, MAX_TOKENS);
    files = new Map<string, Uint8Array | string>([
      [
        '/index.html',
        '<!doctype html><title>model</title><link rel="icon" href="data:,"><script type="module" src="/app/page.js"></script>',
      ],
      ['/model.bin', await readFile(path)],
      ...(await bundleForBrowser(PAGE)).map(({ name, text }) => [`/app/${name}`, text] as const),
    ]);
  });

  after(() => browser?.close());

  /** Opens the page and calls one of its functions. */
  async function inPage<T>(isIsolated: boolean, call: string): Promise<T> {
    let result: T | undefined;
    await serve({ files, isIsolated }, async (origin) => {
      const page = await browser!.newPage();
      const log: string[] = [];
      page.on('pageerror', (error) => log.push(error.message));
      page.on('console', (message) => log.push(message.text()));
      await page.goto(`${origin}/index.html`);
      await page.waitForFunction('globalThis.isReady === true');
      result = await page.evaluate<T>(call);
      assert.deepEqual(log, []);
      await page.close();
    });
    return result!;
  }

  for (const { name, isIsolated, options, threads } of [
    { name: 'on one worker', isIsolated: true, options: { threads: 1 }, threads: 1 },
    { name: 'on two workers', isIsolated: true, options: { threads: 2 }, threads: 2 },
    { name: 'on the thread of a page that is not isolated', isIsolated: false, options: {}, threads: 0 },
    { name: 'in plain TypeScript', isIsolated: false, options: { backend: 'reference' }, threads: 0 },
  ]) {
    it(`opened from a Blob gives Node's tokens and logits, bit for bit, ${name}`, async () => {
      const call = `run(${JSON.stringify(options)}, ${JSON.stringify(request)})`;
      const {
        backend,
        threads: found,
        isIsolated: isShared,
        ...computed
      } = await inPage<ComputedInPage>(isIsolated, call);
      assert.deepEqual([backend, found, isShared], ['backend' in options ? 'reference' : 'wasm', threads, isIsolated]);
      assert.deepEqual(computed.tokens, expected.tokens);
      assert.deepEqual(computed.checksum, expected.checksum);
      assert.equal(computed.logits.length, expected.logits.length);
      const differing = computed.logits.findIndex((bits, i) => bits !== expected.logits[i]);
      assert.equal(differing, -1, `logit ${differing} differs`);
    });
  }

  it('refuses two threads when they cannot share memory, and names the headers that allow it', async () => {
    const failure = await inPage<{ code: string; suggestions: string[] }>(false, `failureOf('model', { threads: 2 })`);
    assert.equal(failure.code, 'LIMIT_EXCEEDED');
    assert.match(failure.suggestions.join(), /Cross-Origin-Opener-Policy: same-origin/);
  });

  it('refuses a path, and the code that it suggests gives a Blob', async () => {
    const failure = await inPage<{ code: string; suggestions: string[] }>(false, `failureOf('/model.bin')`);
    assert.equal(failure.code, 'FILE_NOT_FOUND');
    const expression = failure.suggestions[0]!.replace(/^[^:]*: /, '');
    assert.equal(
      await inPage(false, `(async () => (${expression}).size)()`),
      (files.get('/model.bin') as Uint8Array).length,
    );
  });
});
