// An instance of the module: one on the caller's thread, one on each worker.
import { type SharedMemory, type WasmGlobal, type WasmModule, webAssembly } from './web-assembly.js';

/** native/wasm/module.cc */
export interface WasmExports {
  rowCost(): number;
  prefersGroupMaxima(): number;
  /** The index of a wrong operation, or -1. */
  plan(words: number, count: number): number;
  scratchBytes(threads: number): number;
  /** Hands the planned program to the workers. */
  start(words: number, count: number, scratch: number, threads: number): void;
  /** Computes the planned program on the caller's thread, where there are no workers. */
  compute(words: number, count: number, scratch: number): void;
  cancel(): void;
  nonFinite(): number;
  stop(): void;
  work(thread: number): void;
  readonly __heap_base: WasmGlobal;
  readonly __stack_pointer: WasmGlobal;
}

/** @param done called on worker 0 when a program is computed */
export async function instantiate(module: WasmModule, memory: SharedMemory, done: () => void): Promise<WasmExports> {
  return (await webAssembly.instantiate(module, { env: { memory, done } })).exports as unknown as WasmExports;
}
