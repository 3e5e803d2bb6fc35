// A worker thread of Node: starts the kernels' thread with what it was given.
import { parentPort, workerData } from 'node:worker_threads';
import { runThread, type ThreadStart } from '../wasm/wasm-thread.js';

const port = parentPort!;
runThread(workerData as ThreadStart, (message) => port.postMessage(message));
