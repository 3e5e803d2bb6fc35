// The platform Node: compiled kernels, worker threads, and CPUs as the system lists them.

import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { nativeBackendNames } from '../kernels.js';
import { nativeSha256 } from '../native/native-sha256.js';
import type { WasmModuleName } from '../wasm/wasm-modules.js';
import type { ThreadStart } from '../wasm/wasm-thread.js';
import { availableCores, countCores } from './node-cores.js';
import type { Platform, WorkerThread } from './platform.js';

/** The files of the WebAssembly kernels, from dist/. */
const modules: Readonly<Record<WasmModuleName, string>> = {
  relaxed: '../wasm/kernels-relaxed.wasm',
  'relaxed-pairs': '../wasm/kernels-relaxed-pairs.wasm',
  plain: '../wasm/kernels.wasm',
};

export const platform: Platform = {
  nativeBackends: nativeBackendNames.map((backend) => ({
    backend,
    open: async (threads, options) =>
      (await import('../native/native-kernels.js')).nativeKernels(backend, threads, options),
  })),
  nativeSha256,
  availableCores,
  countCores,
  whyUnshared: () => null,
  readModule: (name) => readFile(new URL(modules[name], import.meta.url)),
  startThread,
};

async function startThread(start: ThreadStart): Promise<WorkerThread> {
  const worker = new Worker(new URL('./platform/node-worker.js', import.meta.url), { workerData: start, execArgv: [] });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  return {
    onDone: (callback) => worker.on('message', callback),
    onError: (callback) => worker.on('error', callback),
    keepAlive: (isNeeded) => (isNeeded ? worker.ref() : worker.unref()),
    async terminate() {
      await worker.terminate();
    },
  };
}
