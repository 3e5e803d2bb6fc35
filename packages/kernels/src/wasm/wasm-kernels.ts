// Kernels in WebAssembly: 128-bit SIMD on worker threads, or on the caller's thread where threads cannot share memory.

import { nextTask, ToolkitError } from '@llama-ts/base';
import { platform } from '#platform';
import type { Kernels } from '../kernels.js';
import type { WorkerThread } from '../platform/platform.js';
import { type ProgramRunner, programKernels } from '../program/program-kernels.js';
import { chooseThreads } from '../program/threads.js';
import { chooseModule } from './choose-module.js';
import { instantiate, type WasmExports } from './wasm-instance.js';
import { type WasmMemory, wasmMemory } from './wasm-memory.js';
import { compileModule } from './wasm-module.js';
import type { ChosenWasmModule, WasmModuleName } from './wasm-modules.js';
import { MODULE_PAGES, STACK_BYTES } from './wasm-sizes.js';
import { openWasmWeights } from './wasm-weights.js';

/** Computes a program that is planned. */
interface Threads {
  /** Threads that compute, the caller's not counted. */
  readonly count: number;
  /** Computes `length` words at the address `program`, with scratch for `max(1, count)` threads. */
  compute(program: number, length: number, scratch: number): Promise<void>;
  cancel(): void;
  close(): Promise<void>;
}

/**
 * Opens the WebAssembly backend.
 *
 * @param forced its module, in place of what suits this engine
 * @throws ToolkitError `BACKEND_UNAVAILABLE`, `LIMIT_EXCEEDED`; `INVALID_ARGUMENT` if the forced module cannot run here
 */
export async function wasmKernels(threads: number | undefined, forced?: WasmModuleName): Promise<Kernels> {
  const unshared = platform.whyUnshared();
  if (unshared !== null && threads !== undefined && threads > 1) {
    throw new ToolkitError('LIMIT_EXCEEDED', `${threads} threads, expected 1: ${unshared.reason}`, unshared);
  }
  const chosen = await chooseModule(forced);
  const module = await compileModule(chosen.name);
  const memory = wasmMemory(MODULE_PAGES);
  const exports = await instantiate(module, memory.memory, () => {});
  if (unshared !== null) return programKernels(wasmRunner(chosen, exports, memory, callersThread(exports, memory)));
  const starts = Array.from({ length: chooseThreads(threads) }, (_, thread) =>
    platform.startThread({ module, memory: memory.memory, thread, stackEnd: stackEnd(memory) }),
  );
  return programKernels(wasmRunner(chosen, exports, memory, workerThreads(exports, await allWorkers(starts))));
}

/** One past the highest address of a new stack. */
function stackEnd(memory: WasmMemory): number {
  return memory.allocate(STACK_BYTES) + STACK_BYTES;
}

/** All workers; if one does not start, the others are ended. */
async function allWorkers(starts: readonly Promise<WorkerThread>[]): Promise<WorkerThread[]> {
  const outcomes = await Promise.allSettled(starts);
  const workers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  for (const worker of workers) worker.keepAlive(false);
  if (workers.length === starts.length) return workers;
  await Promise.all(workers.map((worker) => worker.terminate()));
  const cause = outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
  throw new ToolkitError('LIMIT_EXCEEDED', `starting ${starts.length} threads: ${reasonOf(cause)}`, { cause });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function workerThreads(exports: WasmExports, workers: readonly WorkerThread[]): Threads {
  const conductor = workers[0]!;
  let settle = () => {};
  let fail: (error: unknown) => void = () => {};
  conductor.onDone(() => settle());
  // If a thread ends unexpectedly, for example out of memory, the others wait at the barrier for ever.
  for (const worker of workers) worker.onError((error) => fail(error));
  return {
    count: workers.length,
    compute(program, length, scratch) {
      const done = new Promise<void>((resolve, reject) => {
        settle = resolve;
        fail = (cause) => reject(new ToolkitError('INTERNAL', `a thread ended: ${reasonOf(cause)}`, { cause }));
      });
      conductor.keepAlive(true); // a run keeps the process alive; waiting for one does not
      exports.start(program, length, scratch, workers.length);
      return done.finally(() => conductor.keepAlive(false));
    },
    cancel: () => exports.cancel(),
    async close() {
      exports.stop();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Events are handled before each program, never during one. */
function callersThread(exports: WasmExports, memory: WasmMemory): Threads {
  let isCancelled = false;
  exports.__stack_pointer.value = stackEnd(memory);
  return {
    count: 0,
    async compute(program, length, scratch) {
      isCancelled = false;
      await nextTask();
      if (!isCancelled) exports.compute(program, length, scratch);
    },
    cancel() {
      isCancelled = true;
    },
    close: async () => {},
  };
}

function wasmRunner(
  wasmModule: ChosenWasmModule,
  exports: WasmExports,
  memory: WasmMemory,
  threads: Threads,
): ProgramRunner {
  const wordsBlock = growingBlock(memory);
  const scratchBlock = growingBlock(memory);
  return {
    backend: 'wasm',
    threads: threads.count,
    rowCost: exports.rowCost(),
    prefersGroupMaxima: exports.prefersGroupMaxima() !== 0,
    tuning: null,
    wasmModule,
    allocate: memory.allocator,
    addressOf: memory.addressOf,
    openWeights: (from, options) => openWasmWeights(memory, from, options),
    start(words, length) {
      const program = wordsBlock(length * Float64Array.BYTES_PER_ELEMENT);
      new Float64Array(memory.memory.buffer, program, length).set(words.subarray(0, length));
      const refused = exports.plan(program, length);
      if (refused >= 0) return { refused };
      const scratch = scratchBlock(exports.scratchBytes(Math.max(1, threads.count)));
      return { done: threads.compute(program, length, scratch) };
    },
    cancel: threads.cancel,
    nonFinite: () => exports.nonFinite() !== 0,
    checkFiles: () => {}, // files are read when they are opened
    close: threads.close,
  };
}

/** A block that is replaced when a larger one is needed. */
function growingBlock(memory: WasmMemory): (byteLength: number) => number {
  let address = memory.allocate(0);
  let capacity = 0;
  return (byteLength) => {
    if (byteLength > capacity) {
      memory.free(address);
      [address, capacity] = [-1, -1]; // if allocate throws, the next call must not use or free the old block
      address = memory.allocate(byteLength);
      capacity = byteLength;
    }
    return address;
  };
}
