// Kernels on the threads of the addon.
import { constants } from 'node:buffer';
import { arrayAllocator, checkLength } from '../allocation.js';
import type { Allocator, BackendName, Kernels } from '../kernels.js';
import type { ProgramArray } from '../program/encoder.js';
import { chooseThreads } from '../program/physical-cores.js';
import { type Engine, programKernels } from '../program/program-kernels.js';
import { type Addon, loadAddon } from './addon.js';
import { callNative } from './call-native.js';
import { weightFiles } from './weight-files.js';

/** A cache line and a 512-bit register: rows that start on one are not split by a load. */
const ALIGNMENT = 64;
/** Arrays from so many bytes on start at a page. */
const LARGE_BYTES = 65536;
const PAGE_BYTES = 4096;

/** Opens one of the addon's backends. @throws ToolkitError `BACKEND_UNSUPPORTED`, `BACKEND_UNAVAILABLE` */
export async function nativeKernels(backend: BackendName, threads: number | undefined): Promise<Kernels> {
  const count = chooseThreads(threads);
  return programKernels(nativeEngine(loadAddon(backend), backend, count));
}

function nativeEngine(addon: Addon, backend: BackendName, threads: number): Engine {
  const addressOf = addressCache(addon);
  const files = weightFiles(addon);
  let settle = () => {};
  const executor = callNative(
    `starting ${threads} threads`,
    () => new addon.Executor(backend, threads, () => settle()),
  );
  let finite = true;
  return {
    backend,
    threads,
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

/** Addresses of array buffers: they never move, and asking the addon for each array of each call would add up. */
function addressCache(addon: Addon): (array: ProgramArray) => number {
  const addresses = new WeakMap<ArrayBufferLike, number>();
  return (array) => {
    const { buffer } = array; // a small array moves off the JavaScript heap here
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
      if (FileMemory === undefined || length < LARGE_BYTES || length > constants.MAX_LENGTH)
        return allocator.uint8(length);
      return callNative(`no memory for ${length} bytes`, () => new Uint8Array(new FileMemory(length).view(0, length)));
    },
  };
}
