// Files of weights for the native kernels: mapped, so that nothing is copied and processes share the pages.
import { open } from 'node:fs/promises';
import { checkWeightRange } from '../check-calls.js';
import type { OpenWeightsOptions, WeightFile } from '../kernels.js';
import { readWeights } from '../reference/read-weights.js';
import { ToolkitError } from '../toolkit-error.js';
import type { Addon, MappedFile } from './addon.js';

/** The files of one `Kernels`. */
export interface WeightFiles {
  open(path: string, options?: OpenWeightsOptions): Promise<WeightFile>;
  /** Throws `FILE_SHRANK` when a mapped file became shorter. */
  check(): void;
  close(): Promise<void>;
}

export function weightFiles(addon: Addon): WeightFiles {
  const maps = new Map<MappedFile, { path: string; file: WeightFile }>();
  return {
    async open(path, options = {}) {
      options.signal?.throwIfAborted();
      const map = options.map === false ? undefined : await mapFile(addon, path);
      if (map === undefined) return readWeights(path, options);
      const file = mappedWeights(addon, path, map, () => maps.delete(map.file));
      maps.set(map.file, { path, file });
      return file;
    },
    check() {
      for (const [map, { path }] of maps) if (map.shrank()) throw shrankError(path);
    },
    async close() {
      for (const { file } of maps.values()) await file.close();
    },
  };
}

interface Mapped {
  readonly file: MappedFile;
  readonly byteLength: number;
}

/** undefined where files cannot be mapped, and for an empty one, which has nothing to map. */
async function mapFile(addon: Addon, path: string): Promise<Mapped | undefined> {
  if (addon.MappedFile === undefined) return undefined;
  try {
    const handle = await open(path);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new Error('it is not a regular file');
      if (stat.size === 0) return undefined;
      return { file: new addon.MappedFile(handle.fd, stat.size), byteLength: stat.size };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ToolkitError('FILE_UNREADABLE', `${path}: cannot be read: ${reason}`, { cause });
  }
}

function mappedWeights(addon: Addon, path: string, { file, byteLength }: Mapped, onClose: () => void): WeightFile {
  const views: ArrayBuffer[] = [];
  const view = (byteOffset: number, length: number): ArrayBuffer => {
    checkWeightRange(path, byteOffset, length, byteLength);
    if (length === 0) return new ArrayBuffer(0);
    const buffer = file.view(byteOffset, length);
    views.push(buffer);
    return buffer;
  };
  return {
    byteLength,
    float32(byteOffset, length) {
      const bytes = view(byteOffset, 4 * length);
      // float32 values must lie on a multiple of 4: others are copied. The map itself starts on a page.
      return new Float32Array(byteOffset % 4 === 0 ? bytes : bytes.slice(0));
    },
    int8: (byteOffset, length) => new Int8Array(view(byteOffset, length)),
    async close() {
      // An array used after this is an empty one, not a hole in memory.
      for (const buffer of views.splice(0)) addon.detach(buffer);
      file.close();
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
