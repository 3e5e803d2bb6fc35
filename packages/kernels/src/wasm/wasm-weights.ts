// Weights for the WebAssembly kernels: read into their memory, because WebAssembly cannot map a file.

import { type Openable, openSource, ToolkitError } from '@llama-ts/base';
import { checkWeightRange } from '../check-calls.js';
import type { OpenWeightsOptions, WeightFile } from '../kernels.js';
import type { WasmMemory } from './wasm-memory.js';
import { MAX_MEMORY_BYTES } from './wasm-sizes.js';

/** @throws ToolkitError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `FILE_SHRANK`, `MODEL_TOO_LARGE_FOR_WASM` */
export async function openWasmWeights(
  memory: WasmMemory,
  from: Openable,
  options: OpenWeightsOptions = {},
): Promise<WeightFile> {
  options.signal?.throwIfAborted();
  const { name, address, byteLength } = await readIntoMemory(memory, from, options.signal);
  const blocks = [address];
  return {
    byteLength,
    async float32(byteOffset, length) {
      checkWeightRange(name, byteOffset, 4 * length, byteLength);
      if (byteOffset % 4 === 0) return new Float32Array(memory.memory.buffer, address + byteOffset, length);
      const copy = memory.allocate(4 * length);
      blocks.push(copy);
      const bytes = new Uint8Array(memory.memory.buffer);
      bytes.copyWithin(copy, address + byteOffset, address + byteOffset + 4 * length);
      return new Float32Array(memory.memory.buffer, copy, length);
    },
    async int8(byteOffset, length) {
      checkWeightRange(name, byteOffset, length, byteLength);
      return new Int8Array(memory.memory.buffer, address + byteOffset, length);
    },
    async uint8(byteOffset, length) {
      checkWeightRange(name, byteOffset, length, byteLength);
      return new Uint8Array(memory.memory.buffer, address + byteOffset, length);
    },
    async close() {
      for (const block of blocks.splice(0)) memory.free(block);
    },
  };
}

async function readIntoMemory(memory: WasmMemory, from: Openable, signal: AbortSignal | undefined) {
  const source = await openSource(from);
  const { name, byteLength } = source;
  let address: number | undefined;
  try {
    if (byteLength > memory.available()) throw tooLargeError(name, byteLength, memory.available());
    address = memory.allocate(byteLength);
    await source.readInto(0, new Uint8Array(memory.memory.buffer, address, byteLength), signal);
    return { name, address, byteLength };
  } catch (error) {
    if (address !== undefined) memory.free(address);
    throw error;
  } finally {
    await source.close();
  }
}

function tooLargeError(name: string, byteLength: number, available: number): ToolkitError {
  return new ToolkitError(
    'MODEL_TOO_LARGE_FOR_WASM',
    `${name}: ${byteLength} bytes, expected at most ${available}, what is left of the ${MAX_MEMORY_BYTES} that WebAssembly can have`,
    { suggestions: ['see which kernels may have more: llama doctor'] },
  );
}
