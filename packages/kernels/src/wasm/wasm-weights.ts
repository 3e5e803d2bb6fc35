// Files of weights for the WebAssembly kernels: read into their memory, since they can map nothing.

import { type FileHandle, open } from 'node:fs/promises';
import { checkWeightRange } from '../check-calls.js';
import type { OpenWeightsOptions, WeightFile } from '../kernels.js';
import { ToolkitError } from '../toolkit-error.js';
import { MAX_MEMORY_BYTES, type WasmMemory } from './wasm-memory.js';

/** Between two looks at the signal: some tens of milliseconds. */
const CHUNK_BYTES = 2 ** 26;

/** @throws ToolkitError `FILE_UNREADABLE`, `FILE_SHRANK`, `MODEL_TOO_LARGE_FOR_WASM` */
export async function openWasmWeights(
  memory: WasmMemory,
  path: string,
  options: OpenWeightsOptions = {},
): Promise<WeightFile> {
  options.signal?.throwIfAborted();
  const { address, byteLength } = await readIntoMemory(memory, path, options.signal);
  const blocks = [address];
  return {
    byteLength,
    float32(byteOffset, length) {
      checkWeightRange(path, byteOffset, 4 * length, byteLength);
      if (byteOffset % 4 === 0) return new Float32Array(memory.memory.buffer, address + byteOffset, length);
      const copy = memory.allocate(4 * length);
      blocks.push(copy);
      const bytes = new Uint8Array(memory.memory.buffer);
      bytes.copyWithin(copy, address + byteOffset, address + byteOffset + 4 * length);
      return new Float32Array(memory.memory.buffer, copy, length);
    },
    int8(byteOffset, length) {
      checkWeightRange(path, byteOffset, length, byteLength);
      return new Int8Array(memory.memory.buffer, address + byteOffset, length);
    },
    async close() {
      for (const block of blocks.splice(0)) memory.free(block);
    },
  };
}

async function readIntoMemory(memory: WasmMemory, path: string, signal: AbortSignal | undefined) {
  let file: FileHandle | undefined;
  let address: number | undefined;
  try {
    file = await open(path);
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('it is not a regular file');
    if (stat.size > memory.available()) throw tooLargeError(path, stat.size, memory.available());
    address = memory.allocate(stat.size);
    await readFully(file, path, new Uint8Array(memory.memory.buffer, address, stat.size), signal);
    return { address, byteLength: stat.size };
  } catch (error) {
    if (address !== undefined) memory.free(address);
    if (error instanceof ToolkitError || error === signal?.reason) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ToolkitError('FILE_UNREADABLE', `${path}: cannot be read: ${reason}`, { cause: error });
  } finally {
    await file?.close();
  }
}

async function readFully(file: FileHandle, path: string, into: Uint8Array, signal?: AbortSignal): Promise<void> {
  for (let done = 0; done < into.length; ) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(into, done, Math.min(CHUNK_BYTES, into.length - done), done);
    if (bytesRead === 0) {
      throw new ToolkitError('FILE_SHRANK', `${path}: ends at byte ${done}, expected ${into.length} as when opened`);
    }
    done += bytesRead;
  }
}

function tooLargeError(path: string, byteLength: number, available: number): ToolkitError {
  return new ToolkitError(
    'MODEL_TOO_LARGE_FOR_WASM',
    `${path}: ${byteLength} bytes, expected at most ${available}, what is left of the ${MAX_MEMORY_BYTES} that WebAssembly can have`,
    { suggestions: ['see which kernels may have more: llama doctor'] },
  );
}
