// A worker thread of the WebAssembly kernels: it sleeps in the module until there is work, and until it is stopped.
import { parentPort, workerData } from 'node:worker_threads';
import { instantiate, type WorkerStart } from './wasm-module.js';

const { module, memory, thread, stackEnd } = workerData as WorkerStart;
const port = parentPort!;
const exports = instantiate(module, memory, () => port.postMessage('done'));
exports.__stack_pointer.value = stackEnd;
port.postMessage('ready');
exports.work(thread);
