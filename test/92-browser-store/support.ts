// A page with the store of models in Chromium, under a strict policy.

import { strict as assert } from 'node:assert';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DownloadEvent, ListedModel, ModelPlan } from '@llama-ts/browser';
import type { BrowserContext, Page } from 'playwright-core';
import { bundleForBrowser } from '../59-browser/support.js';
import { launchProfile } from '../helpers/chromium.js';
import { type FileServer, startFileServer } from './file-server.js';

const packages = fileURLToPath(new URL('../../packages/', import.meta.url));

/** What a call of the store in a page came to. */
export interface Outcome {
  readonly events: readonly DownloadEvent[];
  /** sha256 of the stored file, in hex; null if it failed. */
  readonly sha256: string | null;
  readonly model: ListedModel | null;
  readonly failure: {
    readonly name: string;
    readonly code?: string;
    readonly message: string;
    readonly suggestions?: string[];
  } | null;
}

/** Compilers of WebAssembly alone, and no host but this one. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

const PAGE = `
import { openModelStore } from '@llama-ts/browser';
import { generate, openModel } from '@llama-ts/runtime';
const store = await openModelStore();
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const failureOf = ({ name, code, message, suggestions }) => ({ name, code, message, suggestions });
globalThis.store = store;
globalThis.openModelStore = openModelStore;
globalThis.downloads = new Map();
globalThis.fetchModel = async (url, { abortAt, ...options } = {}) => {
  const events = [];
  const ending = new AbortController();
  globalThis.downloads.set(url, events);
  const onProgress = (event) => {
    events.push(event);
    if (event.type === 'download-progress' && event.receivedBytes >= (abortAt ?? Infinity)) ending.abort();
  };
  try {
    const { file, ...model } = await store.fetch(url, { ...options, onProgress, signal: ending.signal });
    const sha256 = hex(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
    return { events, sha256, model, failure: null };
  } catch (error) {
    return { events, sha256: null, model: null, failure: failureOf(error) };
  }
};
globalThis.failureOf = async (call) => {
  try {
    await call();
    return null;
  } catch (error) {
    return failureOf(error);
  }
};
globalThis.run = async (name, prompt, maxTokens) => {
  const model = await openModel((await store.get(name)).file);
  const tokens = [];
  for await (const event of generate(model, prompt, { temperature: 0, maxTokens })) {
    if (event.type === 'token') tokens.push(event.id);
  }
  await model.close();
  return tokens;
};
globalThis.isReady = true;
`;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** A server of pages and models, and a browser with a profile of its own. */
export interface Site {
  readonly server: FileServer;
  readonly context: BrowserContext;
  /** Opens another tab. */
  openTab(): Promise<Page>;
  close(): Promise<void>;
}

/** Serves the page and the store's worker beside its bundle, as an application copies it there; null without Chromium. */
export async function openSite(): Promise<Site | null> {
  const profile = await mkdtemp(join(tmpdir(), 'llama-test-'));
  const context = await launchProfile(profile);
  if (context === null) return null;
  const bundle = new Map((await bundleForBrowser(PAGE)).map(({ name, text }) => [`/app/${name}`, text]));
  const server = await startFileServer(async (path) => {
    const body = path === '/' ? '<!doctype html><script type="module" src="/app/page.js"></script>' : bundle.get(path);
    const found = body ?? (await fileOf(path));
    if (found === null) return null;
    const type = types[path === '/' ? '.html' : extname(path)] ?? 'application/octet-stream';
    return { body: found, headers: { 'Content-Type': type, 'Content-Security-Policy': POLICY } };
  });
  return {
    server,
    context,
    async openTab() {
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      await page.goto(`${server.origin}/`);
      while (!(await page.evaluate('globalThis.isReady === true'))) await page.waitForTimeout(5);
      return page;
    },
    async close() {
      await context.close();
      server.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function fileOf(path: string): Promise<Uint8Array | null> {
  const files = ['browser/dist', 'kernels/dist'].map((folder) => join(packages, folder, path.replace(/^\/app\//, '')));
  for (const file of [...files, join(packages, 'kernels', path)]) {
    const found = await readFile(file).catch(() => null);
    if (found !== null) return found;
  }
  return null;
}

/** Downloads a model in a tab. */
export function fetchModel(page: Page, path: string, options: object = {}): Promise<Outcome> {
  return page.evaluate(`fetchModel(${JSON.stringify(path)}, ${JSON.stringify(options)})`);
}

/** The models that the store lists. */
export function listModels(page: Page): Promise<readonly ListedModel[]> {
  return page.evaluate('store.list()');
}

/** Plans a model's memory. */
export function planModel(page: Page, path: string, options: object = {}): Promise<ModelPlan> {
  return page.evaluate(`store.plan(${JSON.stringify(path)}, ${JSON.stringify(options)})`);
}

/** Waits until an expression holds in a page, whose policy forbids Playwright's own way. */
export async function until(page: Page, expression: string): Promise<void> {
  while (!(await page.evaluate(expression))) await page.waitForTimeout(5);
}

/** Whole numbers below `below`, the same each time. */
export function seededOffsets(n: number, below: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  });
}

/** A downloaded model has the bytes that it should have. */
export function assertWhole({ failure, sha256, model }: Outcome, expected: string, message = ''): void {
  assert.equal(failure, null, `${message} ${JSON.stringify(failure)}`);
  assert.equal(sha256, expected, message);
  assert.equal(model!.isComplete && model!.isChecked, true, message);
}
