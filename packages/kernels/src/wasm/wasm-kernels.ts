// Kernels in WebAssembly: 128-bit SIMD on worker threads, wherever Node runs.
import type { Worker } from 'node:worker_threads';
import type { Kernels } from '../kernels.js';
import { chooseThreads } from '../program/physical-cores.js';
import { type Engine, programKernels } from '../program/program-kernels.js';
import { ToolkitError } from '../toolkit-error.js';
import { type WasmMemory, wasmMemory } from './wasm-memory.js';
import { compileModule, instantiate, MODULE_PAGES, STACK_BYTES, startWorker, type WasmExports } from './wasm-module.js';
import { openWasmWeights } from './wasm-weights.js';

/** Opens the WebAssembly backend. @throws ToolkitError `BACKEND_UNAVAILABLE`, `LIMIT_EXCEEDED` */
export async function wasmKernels(threads: number | undefined): Promise<Kernels> {
  const count = chooseThreads(threads);
  const module = await compileModule();
  const memory = wasmMemory(MODULE_PAGES);
  const exports = instantiate(module, memory.memory, () => {});
  const starts = Array.from({ length: count }, (_, thread) => {
    const stackEnd = memory.allocate(STACK_BYTES) + STACK_BYTES;
    return startWorker({ module, memory: memory.memory, thread, stackEnd });
  });
  return programKernels(wasmEngine(exports, memory, await allWorkers(starts)));
}

/** All of them, or none. */
async function allWorkers(starts: readonly Promise<Worker>[]): Promise<Worker[]> {
  const outcomes = await Promise.allSettled(starts);
  const workers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  for (const worker of workers) worker.unref();
  if (workers.length === starts.length) return workers;
  await Promise.all(workers.map((worker) => worker.terminate()));
  const cause = outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
  throw new ToolkitError('LIMIT_EXCEEDED', `starting ${starts.length} threads: ${reasonOf(cause)}`, { cause });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function wasmEngine(exports: WasmExports, memory: WasmMemory, workers: readonly Worker[]): Engine {
  const conductor = workers[0]!;
  const wordsBlock = growingBlock(memory);
  const scratchBlock = growingBlock(memory);
  let settle = () => {};
  let fail: (error: Error) => void = () => {};
  conductor.on('message', () => settle());
  // One that ends by itself, out of memory say, leaves the others at the barrier.
  for (const worker of workers) worker.on('error', (error) => fail(error));
  return {
    backend: 'wasm',
    threads: workers.length,
    allocate: memory.allocator,
    addressOf: memory.addressOf,
    openWeights: (path, options) => openWasmWeights(memory, path, options),
    start(words, length) {
      const program = wordsBlock(length * Float64Array.BYTES_PER_ELEMENT);
      new Float64Array(memory.memory.buffer, program, length).set(words.subarray(0, length));
      const refused = exports.plan(program, length);
      if (refused >= 0) return { refused };
      const scratch = scratchBlock(exports.scratchBytes(workers.length));
      const done = new Promise<void>((resolve, reject) => {
        settle = resolve;
        fail = (cause) => reject(new ToolkitError('INTERNAL', `a thread ended: ${reasonOf(cause)}`, { cause }));
      });
      conductor.ref(); // a run keeps the process alive; waiting for one does not
      exports.start(program, length, scratch, workers.length);
      return { done: done.finally(() => conductor.unref()) };
    },
    cancel: () => exports.cancel(),
    nonFinite: () => exports.nonFinite() !== 0,
    checkFiles: () => {}, // files are read when they are opened
    async close() {
      exports.stop();
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** A block that is replaced when a larger one is needed. */
function growingBlock(memory: WasmMemory): (byteLength: number) => number {
  let address = memory.allocate(0);
  let capacity = 0;
  return (byteLength) => {
    if (byteLength > capacity) {
      memory.free(address);
      [address, capacity] = [-1, -1]; // when allocate throws, the next call neither uses nor frees the old block
      address = memory.allocate(byteLength);
      capacity = byteLength;
    }
    return address;
  };
}
