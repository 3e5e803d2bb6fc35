// Files of weights for the native kernels: mapped, so that nothing is copied and processes share the pages, or read.

import { constants } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { allocating, noMemoryError } from '../allocation.js';
import { checkWeightRange } from '../check-calls.js';
import type { OpenWeightsOptions, WeightFile } from '../kernels.js';
import { ToolkitError } from '../toolkit-error.js';
import type { Addon, FileMemory } from './addon.js';
import { callNative } from './call-native.js';

/** Bytes of one read: some tens of milliseconds between two looks at the signal. */
const READ_BYTES = 2 ** 25;
/** Reads under way at once: one alone is bound by the copy of a single core. */
const PARALLEL_READS = 4;

/**
 * Bytes of a file that one ArrayBuffer covers: V8 thinks of collecting garbage for each, and Node 20 ends the process for
 * one of over 4 GiB.
 */
const WINDOW_BYTES = 2 ** 30;
/** Windows begin at multiples of it. */
const WINDOW_ALIGNMENT = 4096;

/** Some consecutive bytes of a file, from `begin` on. */
interface Window {
  readonly begin: number;
  readonly buffer: ArrayBuffer;
}

/** The files of one `Kernels`. */
export interface WeightFiles {
  open(path: string, options?: OpenWeightsOptions): Promise<WeightFile>;
  /** Throws `FILE_SHRANK` when a mapped file became shorter. */
  check(): void;
  close(): Promise<void>;
}

export function weightFiles(addon: Addon): WeightFiles {
  const opened = new Map<FileMemory, { path: string; file: WeightFile }>();
  return {
    async open(path, options = {}) {
      options.signal?.throwIfAborted();
      const memory = await openMemory(addon, path, options);
      // Nothing to map or not able to: every array is then read for itself.
      if (memory === undefined) return (await import('../reference/read-weights.js')).readWeights(path, options);
      const file = weightsIn(addon, path, memory, () => opened.delete(memory.memory));
      opened.set(memory.memory, { path, file });
      return file;
    },
    check() {
      for (const [memory, { path }] of opened) if (memory.shrank()) throw shrankError(path);
    },
    async close() {
      for (const { file } of opened.values()) await file.close();
    },
  };
}

interface OpenedMemory {
  readonly memory: FileMemory;
  readonly byteLength: number;
}

/** undefined where there is no such memory, and for an empty file. */
async function openMemory(
  addon: Addon,
  path: string,
  { map = true, signal }: OpenWeightsOptions,
): Promise<OpenedMemory | undefined> {
  const { FileMemory } = addon;
  if (FileMemory === undefined) return undefined;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error('it is not a regular file');
    if (stat.size === 0) return undefined;
    const { fd } = handle;
    const memory = callNative(`${path}: ${stat.size} bytes of memory`, () =>
      map ? new FileMemory(stat.size, fd) : new FileMemory(stat.size),
    );
    if (!map) await readInto(addon, memory, handle, path, stat.size, signal);
    return { memory, byteLength: stat.size };
  } catch (cause) {
    const isOfSystem = cause instanceof ToolkitError && cause.code === 'INTERNAL';
    if ((cause instanceof ToolkitError && !isOfSystem) || (signal?.aborted && cause === signal.reason)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const what = isOfSystem && map ? 'cannot be mapped, which --no-mmap does without' : 'cannot be read';
    throw new ToolkitError('FILE_UNREADABLE', `${path}: ${what}: ${reason}`, { cause });
  } finally {
    await handle?.close();
  }
}

/** Fills the memory with the file, in pieces and off the event loop. */
async function readInto(
  addon: Addon,
  memory: FileMemory,
  handle: FileHandle,
  path: string,
  byteLength: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let next = 0;
  const readPieces = async (): Promise<void> => {
    while (next < byteLength) {
      signal?.throwIfAborted();
      const begin = next;
      next += READ_BYTES;
      const length = Math.min(READ_BYTES, byteLength - begin);
      const buffer = memory.view(begin, length);
      try {
        await readFully(handle, path, new Uint8Array(buffer), begin, byteLength);
      } finally {
        addon.detach(buffer);
      }
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: PARALLEL_READS }, readPieces));
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') {
      memory.close();
      throw outcome.reason;
    }
  }
}

async function readFully(handle: FileHandle, path: string, into: Uint8Array, begin: number, end: number) {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, begin + done);
    if (bytesRead === 0) {
      throw new ToolkitError('FILE_SHRANK', `${path}: ends at byte ${begin + done}, expected ${end} as when opened`);
    }
    done += bytesRead;
  }
}

function weightsIn(addon: Addon, path: string, { memory, byteLength }: OpenedMemory, onClose: () => void): WeightFile {
  const windows: Window[] = [];
  /** A window with all of these bytes: they lie in it from `byteOffset - begin` on. */
  const windowOf = (byteOffset: number, length: number): Window => {
    checkWeightRange(path, byteOffset, length, byteLength);
    const end = byteOffset + length;
    const known = windows.find(({ begin, buffer }) => begin <= byteOffset && end <= begin + buffer.byteLength);
    if (known !== undefined) return known;
    const begin = byteOffset - (byteOffset % WINDOW_ALIGNMENT);
    const covered = Math.max(end - begin, Math.min(WINDOW_BYTES, byteLength - begin));
    if (covered > constants.MAX_LENGTH) throw noMemoryError(covered);
    const buffer = callNative(path, () => memory.view(begin, covered));
    const window = { begin, buffer };
    windows.push(window);
    return window;
  };
  return {
    byteLength,
    float32(byteOffset, length) {
      if (length === 0) return new Float32Array(0);
      const { begin, buffer } = windowOf(byteOffset, 4 * length);
      const at = byteOffset - begin;
      // float32 values must lie on a multiple of 4: others are copied.
      return at % 4 === 0
        ? new Float32Array(buffer, at, length)
        : allocating(4 * length, () => new Float32Array(buffer.slice(at, at + 4 * length)));
    },
    int8(byteOffset, length) {
      if (length === 0) return new Int8Array(0);
      const { begin, buffer } = windowOf(byteOffset, length);
      return new Int8Array(buffer, byteOffset - begin, length);
    },
    async close() {
      // An array used after this is an empty one, not a hole in memory.
      for (const { buffer } of windows.splice(0)) addon.detach(buffer);
      memory.close();
      onClose();
    },
  };
}

function shrankError(path: string): ToolkitError {
  return new ToolkitError(
    'FILE_SHRANK',
    `${path}: shorter than when it was opened, expected it unchanged while in use`,
  );
}
