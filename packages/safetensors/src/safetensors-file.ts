// A lazily read safetensors file: the header at once, each tensor, or a range of its bytes, when it is asked for.

import {
  type BlobLike,
  type ByteSource,
  blobSource,
  type ErrorCode,
  escapeControls,
  isToolkitError,
  openFile,
  pathStatus,
  quote,
  SNIFF_BYTES,
  ToolkitError,
} from '@llama-ts/base';
import { parseHeader, readHeaderByteLength, type SafetensorsHeader } from './header.js';
import type { ReadOptions, TensorInfo, TensorReader } from './tensor-info.js';

/** Options of {@link openSafetensors}. */
export interface OpenOptions {
  /** The file's name for messages. Default: the path, or "blob". */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a safetensors file and checks its whole header against the file's size; reads no tensor.
 *
 * @param source a path, or a Blob or anything like it
 * @throws NOT_SAFETENSORS, SAFETENSORS_HEADER, SAFETENSORS_TENSOR, SAFETENSORS_TRUNCATED, LIMIT_EXCEEDED,
 *   FILE_UNREADABLE, INVALID_ARGUMENT
 * @example
 * const file = await openSafetensors('model.safetensors');
 * for (const { name, dtype, shape } of file.tensors.values()) console.log(name, dtype, shape);
 * const bytes = await file.read('model.norm.weight');
 * await file.close();
 */
export async function openSafetensors(source: string | BlobLike, options: OpenOptions = {}): Promise<SafetensorsFile> {
  options.signal?.throwIfAborted();
  const name = options.name ?? (typeof source === 'string' ? source : 'blob');
  const bytes = typeof source === 'string' ? await openFileOf(source, name) : blobSource(source, name);
  try {
    return new SafetensorsFile(bytes, await readHeader(bytes, name, options.signal), name);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

/** Opens the file; a folder gets the remedy of its own. */
async function openFileOf(path: string, name: string): Promise<ByteSource> {
  try {
    return await openFile(path, name);
  } catch (cause) {
    const isFolder = (await pathStatus(path).catch(() => null))?.isFolder ?? false;
    if (!isFolder || !isToolkitError(cause)) throw cause;
    const suggestions = [`open the folder: openSafetensorsFolder(${JSON.stringify(path)})`];
    throw new ToolkitError(cause.code, cause.message, { suggestions, cause });
  }
}

async function readHeader(source: ByteSource, name: string, signal?: AbortSignal): Promise<SafetensorsHeader> {
  const head = new Uint8Array(Math.min(SNIFF_BYTES, source.byteLength));
  await source.readInto(0, head, signal);
  const header = new Uint8Array(readHeaderByteLength(head, source.byteLength, name));
  await source.readInto(0, header, signal);
  return parseHeader(header, source.byteLength, name);
}

/** An open safetensors file. Made by {@link openSafetensors}; owns the file until {@link SafetensorsFile.close}. */
export class SafetensorsFile implements TensorReader {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Free text that the writer left, or null. */
  readonly metadata: ReadonlyMap<string, string> | null;
  /** The whole file's size. */
  readonly byteLength: number;
  /** Where the data begins. */
  readonly headerByteLength: number;
  readonly #source: ByteSource;
  readonly #name: string;
  #closed = false;

  /** @internal */
  constructor(source: ByteSource, header: SafetensorsHeader, name: string) {
    this.tensors = header.tensors;
    this.metadata = header.metadata;
    this.headerByteLength = header.headerByteLength;
    this.byteLength = source.byteLength;
    this.#source = source;
    this.#name = escapeControls(name);
  }

  async read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted();
    this.#checkOpen();
    const tensor = this.tensors.get(name);
    if (tensor === undefined) {
      throw this.#error('TENSOR_NOT_FOUND', `no tensor ${quote(name)}, expected one of its ${this.tensors.size}`);
    }
    const { start = 0, end = tensor.byteLength } = options;
    if (
      !(
        Number.isSafeInteger(start) &&
        Number.isSafeInteger(end) &&
        0 <= start &&
        start <= end &&
        end <= tensor.byteLength
      )
    ) {
      const range = `bytes ${start} to ${end} of tensor ${quote(name)}`;
      throw this.#error('INVALID_ARGUMENT', `${range}, expected a range within its ${tensor.byteLength}`);
    }
    const target = this.#target(end - start, options.into);
    await this.#source.readInto(tensor.byteOffset + start, target, options.signal);
    return target;
  }

  /**
   * Fills `into` with the file's bytes from `byteOffset` on, header included: for who hashes or copies the whole of it.
   *
   * @throws INVALID_ARGUMENT, FILE_UNREADABLE, FILE_SHRANK
   */
  async readBytes(byteOffset: number, into: Uint8Array, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#checkOpen();
    if (!(Number.isSafeInteger(byteOffset) && byteOffset >= 0 && byteOffset + into.byteLength <= this.byteLength)) {
      const range = `bytes ${byteOffset} to ${byteOffset + into.byteLength}`;
      throw this.#error('INVALID_ARGUMENT', `${range}, expected a range within its ${this.byteLength}`);
    }
    await this.#source.readInto(byteOffset, into, signal);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#source.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw this.#error('FILE_UNREADABLE', 'closed', 'open it again: openSafetensors(path)');
  }

  #target(byteLength: number, into: Uint8Array | undefined): Uint8Array {
    if (into !== undefined) {
      if (into.byteLength >= byteLength) return into.subarray(0, byteLength);
      throw this.#error('INVALID_ARGUMENT', `a buffer of ${into.byteLength} bytes, expected ${byteLength}`);
    }
    try {
      return new Uint8Array(byteLength);
    } catch {
      const found = `no memory for ${byteLength} bytes at once`;
      throw this.#error(
        'LIMIT_EXCEEDED',
        found,
        'read the tensor in parts: file.read(name, { start: 0, end: 1048576 })',
      );
    }
  }

  #error(code: ErrorCode, problem: string, suggestion?: string): ToolkitError {
    const suggestions = suggestion === undefined ? [] : [suggestion];
    return new ToolkitError(code, `${this.#name}: ${problem}`, { suggestions });
  }
}
