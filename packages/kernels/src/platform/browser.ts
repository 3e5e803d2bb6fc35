// The platform of browsers: no compiled kernels; workers share memory where the page is cross-origin isolated.

import type { WasmModuleName } from '../wasm/wasm-modules.js';
import type { ThreadStart } from '../wasm/wasm-thread.js';
import { browser, type WebWorker } from './browser-api.js';
import type { Platform, WorkerThread } from './platform.js';

declare const Worker: new (url: URL, options: { readonly type: 'module' }) => WebWorker;

const HEADERS =
  'serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';

export const platform: Platform = {
  nativeBackends: [],
  nativeSha256: () => null,
  // Browsers count siblings of a core each, and do not tell which they are.
  availableCores: () => browser.navigator.hardwareConcurrency ?? 1,
  countCores: () => undefined,
  whyUnshared: () =>
    browser.crossOriginIsolated === true
      ? null
      : { reason: 'the page is not cross-origin isolated', suggestions: [HEADERS] },
  readModule,
  startThread,
};

// Bundlers find files by `new URL('…', import.meta.url)` written out, and copy them.

const modules: Readonly<Record<WasmModuleName, () => URL>> = {
  relaxed: () => new URL('../wasm/kernels-relaxed.wasm', import.meta.url),
  'relaxed-pairs': () => new URL('../wasm/kernels-relaxed-pairs.wasm', import.meta.url),
  plain: () => new URL('../wasm/kernels.wasm', import.meta.url),
};

async function readModule(name: WasmModuleName): Promise<Uint8Array> {
  const url = modules[name]();
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function startThread(start: ThreadStart): Promise<WorkerThread> {
  const worker = new Worker(new URL('./platform/browser-worker.js', import.meta.url), { type: 'module' });
  const failed = (event: { readonly message?: string }): Error =>
    new Error(event.message || 'its file cannot be loaded');
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(failed(event));
    worker.onmessage = () =>
      resolve({
        onDone(callback) {
          worker.onmessage = callback;
        },
        onError(callback) {
          worker.onerror = (event) => callback(failed(event));
        },
        keepAlive() {},
        terminate: async () => worker.terminate(),
      });
    worker.postMessage(start);
  });
}
