// A lazily read GGUF file: the header at once, bytes of a tensor when they are asked for.

import { escapeControls, nameOf, type Openable, openSource, quote, ToolkitError } from '@llama-ts/base';
import { type GgufHeader, readHeader } from './reader/read-header.js';

/** Options of {@link openGguf}. */
export interface OpenGgufOptions {
  /** The file's name for messages. Default: the path, the name of the source, or "Blob". */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A range of a tensor's bytes. */
export interface GgufRange {
  /** First byte; default 0. */
  readonly start?: number | undefined;
  /** Byte after the last; default the end of the tensor. */
  readonly end?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An open file. */
export interface GgufFile extends GgufHeader {
  readonly name: string;
  /** The whole file's size. */
  readonly byteLength: number;
  /**
   * Bytes of a tensor as they are stored: blocks of its type.
   *
   * @throws TENSOR_NOT_FOUND, INVALID_ARGUMENT, FILE_UNREADABLE, FILE_SHRANK
   */
  read(tensor: string, range?: GgufRange): Promise<Uint8Array>;
  /** Fills `into` with the file's bytes, header included. @throws FILE_UNREADABLE, FILE_SHRANK */
  readBytes(byteOffset: number, into: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** May be called more than once. */
  close(): Promise<void>;
}

/**
 * Opens a file of version 2 or 3 and checks its whole header against the file's size; reads no tensor.
 *
 * @param from a path, a Blob, or a source of bytes, such as ranges of a remote file
 * @throws NOT_GGUF, GGUF_HEADER, GGUF_TENSOR, GGUF_TRUNCATED, LIMIT_EXCEEDED, FILE_NOT_FOUND, FILE_UNREADABLE
 * @example
 * const file = await openGguf('model.gguf');
 * for (const { name, type, shape } of file.tensors.values()) console.log(name, type, shape);
 * const blocks = await file.read('output_norm.weight');
 * await file.close();
 */
export async function openGguf(from: Openable, options: OpenGgufOptions = {}): Promise<GgufFile> {
  const { signal } = options;
  signal?.throwIfAborted();
  const opened = await openSource(from);
  const source = { ...opened, name: options.name ?? nameOf(from) };
  try {
    const header = await readHeader(source, signal);
    let closing: Promise<void> | undefined;
    return {
      ...header,
      name: source.name,
      byteLength: source.byteLength,
      async read(tensor, { start = 0, end, signal } = {}) {
        const found = header.tensors.get(tensor);
        if (found === undefined) {
          const problem = `no tensor ${quote(tensor)}, expected one of its ${header.tensors.size}`;
          throw new ToolkitError('TENSOR_NOT_FOUND', `${escapeControls(source.name)}: ${problem}`);
        }
        const { byteLength } = found;
        const stop = end ?? byteLength;
        if (
          !(
            Number.isSafeInteger(start) &&
            Number.isSafeInteger(stop) &&
            0 <= start &&
            start <= stop &&
            stop <= byteLength
          )
        ) {
          const problem = `bytes ${start} to ${stop} of tensor ${quote(tensor)}, expected a range within its ${byteLength}`;
          throw new ToolkitError('INVALID_ARGUMENT', `${escapeControls(source.name)}: ${problem}`);
        }
        return source.read(found.byteOffset + start, stop - start, signal);
      },
      readBytes: (byteOffset, into, signal) => source.readInto(byteOffset, into, signal),
      close: () => (closing ??= source.close()),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}
