// Streams tensors into a safetensors file: header first, then each tensor's bytes as its source yields them.

import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { reasonOf } from './byte-source.js';
import { MAX_TRANSFER_BYTES } from './limits.js';
import { escapeControls, quote } from './quote.js';
import { SafetensorsError } from './safetensors-error.js';
import { type Metadata, serializeHeader, type TensorSpec } from './serialize-header.js';
import { writeRemedies } from './shell-quote.js';
import type { TensorInfo } from './tensor-info.js';

/** A tensor to write and where its bytes come from. */
export interface TensorSource extends TensorSpec {
  /**
   * The bytes, little-endian in row-major order: whole, or a function that yields them in parts. The function is called
   * when the tensor's turn comes, and a part may be reused once the next one is asked for.
   */
  readonly data: Uint8Array | (() => AsyncIterable<Uint8Array> | Iterable<Uint8Array>);
}

/** Takes the file's bytes in order. */
export interface ByteSink {
  /** Must have used the bytes when it resolves. */
  write(bytes: Uint8Array): Promise<void> | void;
}

/** Options of {@link writeSafetensors}. */
export interface WriteOptions {
  /** Free text for `__metadata__`; PyTorch readers want `format: pt`. */
  readonly metadata?: Metadata | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a safetensors file. A path is written as PATH.partial and renamed at the end, replacing what is there: on
 * failure nothing is left. A sink gets the bytes as they come.
 *
 * @throws INVALID_ARGUMENT, also when a source yields more or fewer bytes than its shape takes; LIMIT_EXCEEDED;
 *   FILE_UNWRITABLE
 * @example
 * await writeSafetensors('out.safetensors', [{ name: 'w', dtype: 'F32', shape: [2], data: new Uint8Array(8) }]);
 */
export async function writeSafetensors(
  target: string | ByteSink,
  tensors: readonly TensorSource[],
  options: WriteOptions = {},
): Promise<void> {
  options.signal?.throwIfAborted();
  const header = serializeHeader(tensors, options.metadata);
  const sources = new Map(tensors.map((tensor) => [tensor.name, tensor.data]));
  const writeAll = async (sink: ByteSink) => {
    await sink.write(header.bytes);
    for (const tensor of header.tensors) await writeTensor(sink, tensor, sources.get(tensor.name)!, options.signal);
  };
  if (typeof target === 'string') await writeFileWhole(target, writeAll);
  else await writeAll(target);
}

async function writeTensor(
  sink: ByteSink,
  tensor: TensorInfo,
  data: TensorSource['data'],
  signal: AbortSignal | undefined,
): Promise<void> {
  let written = 0;
  signal?.throwIfAborted();
  for await (const part of data instanceof Uint8Array ? [data] : data()) {
    signal?.throwIfAborted();
    written += part.byteLength;
    // Before writing: bytes too many would land in the next tensor.
    if (written > tensor.byteLength) throw wrongLength(tensor, `at least ${written}`);
    await sink.write(part);
  }
  if (written < tensor.byteLength) throw wrongLength(tensor, `${written}`);
}

function wrongLength({ name, byteLength }: TensorInfo, found: string): SafetensorsError {
  const message = `tensor ${quote(name)}: its source yielded ${found} bytes, expected ${byteLength}`;
  return new SafetensorsError('INVALID_ARGUMENT', message);
}

async function writeFileWhole(path: string, writeAll: (sink: ByteSink) => Promise<void>): Promise<void> {
  const partial = `${path}.partial`;
  let handle: FileHandle | undefined;
  const attempt = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (cause) {
      const message = `${escapeControls(path)}: cannot be written: ${reasonOf(cause)}`;
      const suggestions = writeRemedies(path, cause);
      throw new SafetensorsError('FILE_UNWRITABLE', message, { suggestions, cause });
    }
  };
  try {
    // Removed, not truncated: what an earlier run left there may be a link to somewhere else.
    await attempt(() => rm(partial, { force: true }));
    handle = await attempt(() => open(partial, 'wx'));
    const file = handle;
    await writeAll({ write: (bytes) => attempt(() => writeFully(file, bytes)) });
    await attempt(() => file.close());
    await attempt(() => rename(partial, path));
  } catch (error) {
    if (handle !== undefined) {
      await handle.close().catch(() => {});
      await rm(partial, { force: true });
    }
    throw error;
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(bytes.byteLength - done, MAX_TRANSFER_BYTES));
    done += bytesWritten;
  }
}
