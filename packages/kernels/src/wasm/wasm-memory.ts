// The memory that the WebAssembly workers share, and an allocator of blocks in it.
import { ToolkitError } from '@llama-ts/base';
import { allocating, arrayAllocator } from '../allocation.js';
import type { Allocator } from '../kernels.js';
import type { ProgramArray } from '../program/encoder.js';
import { MAX_MEMORY_BYTES, PAGE_BYTES } from './wasm-sizes.js';
import { type SharedMemory, webAssembly } from './web-assembly.js';

/** A cache line. */
const ALIGNMENT = 64;

interface Block {
  readonly address: number;
  readonly byteLength: number;
}

/** Blocks of a growing memory. */
export interface WasmMemory {
  readonly memory: SharedMemory;
  readonly allocator: Allocator;
  /** Bytes of the largest block that can still be allocated. */
  available(): number;
  /** Allocates a block of zeros; returns its address. Throws `LIMIT_EXCEEDED` if memory does not suffice. */
  allocate(byteLength: number): number;
  free(address: number): void;
  /** The address of an array of this memory. */
  addressOf(array: ProgramArray): number;
}

/** @param initialPages pages that the module needs for its own data */
export function wasmMemory(initialPages: number): WasmMemory {
  // The addresses are reserved at once; memory is used as it grows.
  const memory = allocating(
    MAX_MEMORY_BYTES,
    () => new webAssembly.Memory({ initial: initialPages, maximum: MAX_MEMORY_BYTES / PAGE_BYTES, shared: true }),
  );
  // Growing the memory makes a new buffer object of the same bytes. Arrays on older ones stay valid.
  const buffers = new WeakSet<ArrayBufferLike>([memory.buffer]);
  const used = new Map<number, number>(); // address to byteLength
  let gaps: Block[] = []; // in the order of addresses
  let end = memory.buffer.byteLength; // of all blocks and gaps

  const take = (byteLength: number): number | undefined => {
    const index = gaps.findIndex((gap) => gap.byteLength >= byteLength);
    if (index < 0) return undefined;
    const gap = gaps[index]!;
    const rest = { address: gap.address + byteLength, byteLength: gap.byteLength - byteLength };
    gaps.splice(index, 1, ...(rest.byteLength > 0 ? [rest] : []));
    new Uint8Array(memory.buffer, gap.address, byteLength).fill(0);
    return gap.address;
  };

  const append = (byteLength: number): number => {
    const missing = end + byteLength - memory.buffer.byteLength;
    if (end + byteLength > MAX_MEMORY_BYTES) throw fullError(byteLength);
    if (missing > 0) {
      try {
        memory.grow(Math.ceil(missing / PAGE_BYTES));
      } catch (cause) {
        throw fullError(byteLength, cause);
      }
      buffers.add(memory.buffer);
    }
    const address = end;
    end += byteLength;
    return address;
  };

  const allocate = (byteLength: number): number => {
    const rounded = Math.max(ALIGNMENT, Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT);
    const address = take(rounded) ?? append(rounded);
    used.set(address, rounded);
    return address;
  };

  /** Reads `memory.buffer` after allocating, which may replace it. */
  const block = (byteLength: number): [SharedArrayBuffer, number] => {
    const address = allocate(byteLength);
    return [memory.buffer, address];
  };

  const available = (): number => Math.max(MAX_MEMORY_BYTES - end, ...gaps.map((gap) => gap.byteLength));

  return {
    memory,
    allocator: { ...arrayAllocator(block), available },
    available,
    allocate,
    free(address) {
      const byteLength = used.get(address);
      if (byteLength === undefined) return;
      used.delete(address);
      gaps = mergeGaps([...gaps, { address, byteLength }]);
    },
    addressOf(array) {
      if (!buffers.has(array.buffer)) {
        throw new ToolkitError('INVALID_ARGUMENT', 'array of another memory, expected one of kernels.allocate');
      }
      return array.byteOffset;
    },
  };
}

function mergeGaps(gaps: readonly Block[]): Block[] {
  const merged: Block[] = [];
  for (const gap of gaps.toSorted((a, b) => a.address - b.address)) {
    const last = merged.at(-1);
    if (last !== undefined && last.address + last.byteLength === gap.address) {
      merged[merged.length - 1] = { address: last.address, byteLength: last.byteLength + gap.byteLength };
    } else {
      merged.push(gap);
    }
  }
  return merged;
}

function fullError(byteLength: number, cause?: unknown): ToolkitError {
  return new ToolkitError(
    'LIMIT_EXCEEDED',
    `no memory for ${byteLength} bytes: more than is left of the 4 GiB that WebAssembly can have`,
    { cause, suggestions: ['see which kernels may have more: llama doctor'] },
  );
}
