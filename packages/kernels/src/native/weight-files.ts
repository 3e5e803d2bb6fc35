// Weights for the native kernels: files are mapped, so that nothing is copied and processes share the pages, or read.

import { type ByteSource, isToolkitError, type Openable, openSource, ToolkitError } from '@llama-ts/base';
import { allocating, noMemoryError } from '../allocation.js';
import { checkWeightRange } from '../check-calls.js';
import type { OpenWeightsOptions, WeightFile } from '../kernels.js';
import { MAX_BUFFER_BYTES } from '../platform/node-addon.js';
import { availableMemory } from '../platform/node-memory.js';
import { copyMapChoices, type Tuning } from '../tuning.js';
import type { Addon, FileMemory } from './addon.js';
import { callNative } from './call-native.js';

/** Bytes of one read: some tens of milliseconds between two checks of the signal. */
const READ_BYTES = 2 ** 25;
/** Reads at the same time: a single one is limited by the copy on one core. */
const PARALLEL_READS = 4;

/**
 * Bytes of a file that one ArrayBuffer covers. Many small buffers make V8 collect garbage more often, and one of more than
 * 4 GiB ends the process in Node 20.
 */
const WINDOW_BYTES = 2 ** 30;
/** Files of fewer bytes are not worth a copy in huge pages. */
const MIN_COPIED_BYTES = 2 ** 26;
/** A copy is made only where so many times its bytes are available. */
const MEMORY_PER_COPY = 2;
/** A window begins at a multiple of this. */
const WINDOW_ALIGNMENT = 4096;

/** Consecutive bytes of a file, from `begin` on. */
interface Window {
  readonly begin: number;
  readonly buffer: ArrayBuffer;
}

/** The files of one `Kernels`. */
export interface WeightFiles {
  open(from: Openable, options?: OpenWeightsOptions): Promise<WeightFile>;
  /** Throws `FILE_SHRANK` if a mapped file became shorter. */
  check(): void;
  close(): Promise<void>;
}

export function weightFiles(addon: Addon, copyMap: Tuning['copyMap']): WeightFiles {
  const opened = new Map<FileMemory, { name: string; file: WeightFile }>();
  return {
    async open(from, options = {}) {
      options.signal?.throwIfAborted();
      const source = await openSource(from);
      try {
        const { name, byteLength } = source;
        const memory = await openMemory(addon, source, { ...options, copyMap });
        // The file is empty, or the addon cannot map it: each array is read separately.
        if (memory === undefined) return (await import('../reference/read-weights.js')).readWeights(from, options);
        const file = weightsIn(addon, { name, byteLength, memory }, () => opened.delete(memory));
        opened.set(memory, { name, file });
        return file;
      } finally {
        await source.close(); // a map stays without it
      }
    },
    check() {
      for (const [memory, { name }] of opened) if (memory.shrank()) throw shrankError(name);
    },
    async close() {
      for (const { file } of opened.values()) await file.close();
    },
  };
}

interface OpenedMemory {
  readonly name: string;
  readonly byteLength: number;
  readonly memory: FileMemory;
}

/** undefined for an empty file, and if the addon has no `FileMemory`. */
async function openMemory(
  addon: Addon,
  source: ByteSource,
  { map = true, copyMap, signal }: OpenWeightsOptions & { readonly copyMap: Tuning['copyMap'] },
): Promise<FileMemory | undefined> {
  const { FileMemory } = addon;
  const { name, byteLength, fd } = source;
  if (FileMemory === undefined || byteLength === 0) return undefined;
  const isMapped = map && fd !== undefined;
  try {
    const memory = callNative(`${name}: ${byteLength} bytes of memory`, () =>
      isMapped ? new FileMemory(byteLength, fd, placeOf(copyMap, byteLength)) : new FileMemory(byteLength),
    );
    if (!isMapped) await readInto(addon, memory, source, signal);
    return memory;
  } catch (cause) {
    if (!(isToolkitError(cause) && cause.code === 'INTERNAL')) throw cause;
    const what = isMapped ? 'cannot be mapped, which --no-mmap does without' : 'cannot be read';
    throw new ToolkitError('FILE_UNREADABLE', `${name}: ${what}: ${cause.message}`, { cause });
  }
}

/** The choice for one file, as the addon takes it. */
function placeOf(copyMap: Tuning['copyMap'], byteLength: number): number {
  const isLeft =
    copyMap === 'small-pages' && (byteLength < MIN_COPIED_BYTES || availableMemory() < MEMORY_PER_COPY * byteLength);
  return copyMapChoices.indexOf(isLeft ? 'never' : copyMap);
}

/** Fills the memory with the source, in pieces and off the event loop. */
async function readInto(
  addon: Addon,
  memory: FileMemory,
  { byteLength, readInto: read }: ByteSource,
  signal: AbortSignal | undefined,
): Promise<void> {
  let next = 0;
  const readPieces = async (): Promise<void> => {
    while (next < byteLength) {
      signal?.throwIfAborted();
      const begin = next;
      next += READ_BYTES;
      const buffer = memory.view(begin, Math.min(READ_BYTES, byteLength - begin));
      try {
        await read(begin, new Uint8Array(buffer), signal);
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

function weightsIn(addon: Addon, { name, byteLength, memory }: OpenedMemory, onClose: () => void): WeightFile {
  const windows: Window[] = [];
  /** A window that holds all of these bytes, from `byteOffset - begin` on. */
  const windowOf = (byteOffset: number, length: number): Window => {
    checkWeightRange(name, byteOffset, length, byteLength);
    const end = byteOffset + length;
    const known = windows.find(({ begin, buffer }) => begin <= byteOffset && end <= begin + buffer.byteLength);
    if (known !== undefined) return known;
    const begin = byteOffset - (byteOffset % WINDOW_ALIGNMENT);
    const covered = Math.max(end - begin, Math.min(WINDOW_BYTES, byteLength - begin));
    if (covered > MAX_BUFFER_BYTES) throw noMemoryError(covered);
    const buffer = callNative(name, () => memory.view(begin, covered));
    const window = { begin, buffer };
    windows.push(window);
    return window;
  };
  return {
    byteLength,
    async float32(byteOffset, length) {
      if (length === 0) return new Float32Array(0);
      const { begin, buffer } = windowOf(byteOffset, 4 * length);
      const at = byteOffset - begin;
      // float32 values must lie on a multiple of 4: others are copied.
      return at % 4 === 0
        ? new Float32Array(buffer, at, length)
        : allocating(4 * length, () => new Float32Array(buffer.slice(at, at + 4 * length)));
    },
    async int8(byteOffset, length) {
      if (length === 0) return new Int8Array(0);
      const { begin, buffer } = windowOf(byteOffset, length);
      return new Int8Array(buffer, byteOffset - begin, length);
    },
    async uint8(byteOffset, length) {
      if (length === 0) return new Uint8Array(0);
      const { begin, buffer } = windowOf(byteOffset, length);
      return new Uint8Array(buffer, byteOffset - begin, length);
    },
    async close() {
      // An array used after this is an empty one, not a hole in memory.
      for (const { buffer } of windows.splice(0)) addon.detach(buffer);
      memory.close();
      onClose();
    },
  };
}

function shrankError(name: string): ToolkitError {
  return new ToolkitError(
    'FILE_SHRANK',
    `${name}: shorter than when it was opened, expected it unchanged while in use`,
  );
}
