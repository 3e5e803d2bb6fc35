// Kernels on the threads of the addon.

import { arrayAllocator, checkLength } from '../allocation.js';
import type { BackendOptions } from '../backend-options.js';
import type { InstructionSet } from '../instruction-sets.js';
import type { Allocator, Kernels } from '../kernels.js';
import { MAX_BUFFER_BYTES } from '../platform/node-addon.js';
import { cpuName } from '../platform/node-cores.js';
import { measuredTuning, measureTuning } from '../platform/node-measured-tuning.js';
import type { ProgramArray } from '../program/encoder.js';
import { type ProgramRunner, programKernels } from '../program/program-kernels.js';
import { type ChosenTuning, encodeTuning, type Tuning } from '../tuning.js';
import { type Addon, loadBackend, type NativeBackend } from './addon.js';
import { callNative } from './call-native.js';
import { chooseTuning, isKnownCpu } from './cpu-tuning.js';
import { weightFiles } from './weight-files.js';

/** Bytes of a cache line and of a 512-bit register: loads of rows that start at a multiple do not cross cache lines. */
const ALIGNMENT = 64;
/** Arrays of this many bytes or more start at a page. */
const LARGE_BYTES = 65536;
const PAGE_BYTES = 4096;

/** Opens the kernels of an instruction set. @throws ToolkitError `BACKEND_UNSUPPORTED`, `BACKEND_UNAVAILABLE` */
export async function nativeKernels(
  name: InstructionSet,
  threads: number,
  { tuning: { wasmModule: _, ...forced } = {}, cacheFolder }: BackendOptions,
): Promise<Kernels> {
  const { addon, backend } = loadBackend(name);
  const measured = await measuredFor(addon, backend, cacheFolder);
  const tuning = chooseTuning(backend, addon.cpuModel(), { measured, forced });
  return programKernels(nativeRunner(addon, backend, threads, tuning));
}

/** The measured tuning of a CPU that the table does not list; undefined for a CPU in the table, and without a cache folder. */
async function measuredFor(addon: Addon, backend: NativeBackend, cacheFolder: string | undefined) {
  const cpu = addon.cpuModel();
  if (cacheFolder === undefined || isKnownCpu(cpu)) return undefined;
  const name = `${cpu.vendor || cpuName()}-${cpu.family}-${cpu.model}-${backend.name}`;
  const open = (forced: Partial<Tuning>) =>
    programKernels(nativeRunner(addon, backend, 1, chooseTuning(backend, cpu, { forced })));
  return measuredTuning(cacheFolder, name, () => measureTuning(open));
}

function nativeRunner(addon: Addon, backend: NativeBackend, threads: number, tuning: ChosenTuning): ProgramRunner {
  const addressOf = addressCache(addon);
  const files = weightFiles(addon, tuning.copyMap);
  let settle = () => {};
  const executor = callNative(
    `starting ${threads} threads`,
    () => new addon.Executor(backend.name, threads, () => settle(), encodeTuning(tuning)),
  );
  let finite = true;
  return {
    backend: backend.name,
    threads,
    rowCost: backend.rowCost,
    prefersGroupMaxima: backend.prefersGroupMaxima,
    tuning,
    allocate: alignedAllocator(addon, addressOf),
    addressOf,
    openWeights: files.open,
    start(words, length) {
      let resolve = () => {};
      const done = new Promise<void>((onDone) => {
        resolve = onDone;
      });
      settle = () => {
        finite = !executor.nonFinite();
        resolve();
      };
      const refused = callNative('run', () => executor.start(words, length));
      return refused >= 0 ? { refused } : { done };
    },
    cancel: () => executor.cancel(),
    nonFinite: () => !finite,
    checkFiles: files.check,
    async close() {
      executor.close();
      await files.close();
    },
  };
}

/** Remembers the addresses of array buffers, which never move: asking the addon for each array of each call is slow. */
function addressCache(addon: Addon): (array: ProgramArray) => number {
  const addresses = new WeakMap<ArrayBufferLike, number>();
  return (array) => {
    const { buffer } = array; // moves a small array off the JavaScript heap
    let address = addresses.get(buffer);
    if (address === undefined) {
      address = addon.addressOf(buffer as ArrayBuffer);
      addresses.set(buffer, address);
    }
    return address + array.byteOffset;
  };
}

function alignedAllocator({ FileMemory }: Addon, addressOf: (array: ProgramArray) => number): Allocator {
  const allocate = (byteLength: number): [ArrayBuffer, number] => {
    const alignment = byteLength >= LARGE_BYTES ? PAGE_BYTES : ALIGNMENT;
    const buffer = new ArrayBuffer(byteLength + alignment - 1);
    const past = addressOf(new Uint8Array(buffer)) % alignment;
    return [buffer, (alignment - past) % alignment];
  };
  const allocator = arrayAllocator(allocate);
  return {
    ...allocator,
    filled(length) {
      checkLength(length);
      if (FileMemory === undefined || length < LARGE_BYTES || length > MAX_BUFFER_BYTES) return allocator.uint8(length);
      return callNative(`no memory for ${length} bytes`, () => new Uint8Array(new FileMemory(length).view(0, length)));
    },
  };
}
