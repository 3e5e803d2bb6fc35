// The compiled module and its instances: one on the caller's thread, one on each worker.
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { ToolkitError } from '../toolkit-error.js';
import { type SharedMemory, type WasmGlobal, type WasmModule, webAssembly } from './web-assembly.js';

/** native/wasm/module.cc */
export interface WasmExports {
  /** The index of an operation it refuses, or -1. */
  plan(words: number, count: number): number;
  scratchBytes(threads: number): number;
  start(words: number, count: number, scratch: number, threads: number): void;
  cancel(): void;
  nonFinite(): number;
  stop(): void;
  work(thread: number): void;
  readonly __heap_base: WasmGlobal;
  readonly __stack_pointer: WasmGlobal;
}

/** What a worker is told when it starts. */
export interface WorkerStart {
  readonly module: WasmModule;
  readonly memory: SharedMemory;
  readonly thread: number;
  /** One past its highest address: stacks grow downwards. */
  readonly stackEnd: number;
}

/** Pages for the module's data and the caller's stack; instantiation fails when they are too few. */
export const MODULE_PAGES = 16;
/** Of a worker; kernels keep tiles of a few kilobytes there. */
export const STACK_BYTES = 256 * 1024;

/** @throws ToolkitError `BACKEND_UNAVAILABLE` */
export async function compileModule(): Promise<WasmModule> {
  try {
    return await webAssembly.compile(await readFile(new URL('../wasm/kernels.wasm', import.meta.url)));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ToolkitError('BACKEND_UNAVAILABLE', `kernels.wasm cannot be loaded: ${reason}`, {
      cause,
      suggestions: ['install it again: npm install @llama-ts/kernels'],
    });
  }
}

export function instantiate(module: WasmModule, memory: SharedMemory, done: () => void): WasmExports {
  return new webAssembly.Instance(module, { env: { memory, done } }).exports as unknown as WasmExports;
}

/** Starts a worker; resolves once it waits for work. */
export function startWorker(start: WorkerStart): Promise<Worker> {
  const worker = new Worker(new URL('./wasm/wasm-worker.js', import.meta.url), { workerData: start, execArgv: [] });
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve(worker));
    worker.once('error', reject);
  });
}
