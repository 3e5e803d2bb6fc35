// A worker thread of the WebAssembly kernels: it sleeps in the module until there is work, and until it is stopped.
import { instantiate } from './wasm-instance.js';
import type { SharedMemory, WasmModule } from './web-assembly.js';

/** The first message to a thread. */
export interface ThreadStart {
  readonly module: WasmModule;
  readonly memory: SharedMemory;
  readonly thread: number;
  /** One past its highest address: stacks grow downwards. */
  readonly stackEnd: number;
}

/** @param post informs the caller's thread: once that this thread is ready, then, on thread 0, when a program is computed */
export async function runThread(start: ThreadStart, post: (message: 'ready' | 'done') => void): Promise<void> {
  const exports = await instantiate(start.module, start.memory, () => post('done'));
  exports.__stack_pointer.value = start.stackEnd;
  post('ready');
  exports.work(start.thread);
}
