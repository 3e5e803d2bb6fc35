// What a bundler makes of the runtime for a browser.

import { strict as assert } from 'node:assert';
import { type BundledFile, bundleForBrowser } from './support.js';

/** Imports of Node's modules, static and dynamic, and what only Node has as globals. */
const NODE =
  /(?:from|import|import\(|require\()\s*["'](?:node:[\w/]+|fs|path|os|crypto|worker_threads|module|url|buffer)["']|\bprocess\.(?!env\.NODE_ENV)\w+|\bBuffer\.|\b__dirname\b|\bsetImmediate\b/;

describe('the runtime bundled for a browser', function () {
  this.timeout(60_000);
  let files: readonly BundledFile[];
  before(async () => {
    files = await bundleForBrowser(`export * from '@llama-ts/runtime'; export * from '@llama-ts/format';`);
  });

  it('imports no module of Node, neither at once nor later, and uses none of its globals', () => {
    assert.ok(files.length > 1);
    checkWithoutNode(files);
  });

  it('holds no code of the native kernels', () => {
    for (const { name, text } of files) assert.doesNotMatch(text, /llama_kernels\.node|FileMemory/, name);
  });
});

describe('the code that opens a model and describes its files, bundled for a browser,', function () {
  this.timeout(60_000);

  it('imports no module of Node, and neither the hub nor durable files', async () => {
    const exporter = '../../packages/exporter/src';
    const files = await bundleForBrowser(`
      export { openModelSource } from '${exporter}/source/open-model-source.ts';
      export { inspectPath } from '${exporter}/inspect.ts';
      export { readThresholds } from '../../packages/evaluate/src/thresholds.ts';`);
    checkWithoutNode(files);
  });
});

describe('the exporter bundled for a browser', function () {
  this.timeout(60_000);

  it('imports no module of Node', async () => {
    checkWithoutNode(await bundleForBrowser(`export * from '@llama-ts/exporter/browser';`));
  });
});

function checkWithoutNode(files: readonly BundledFile[]): void {
  assert.ok(files.some(({ name }) => name === 'page.js'));
  for (const { name, text } of files) {
    const found = NODE.exec(text);
    assert.equal(found, null, `${name}: ${found?.[0]}`);
  }
}
