// Streams tensors into a safetensors file: header first, then each tensor's bytes as its source yields them.

import { type ByteSink, type PartsOfBytes, writeParts, writeWholeFile } from '@llama-ts/base';
import { type Metadata, serializeHeader, type TensorSpec } from './serialize-header.js';

/** A tensor to write and where its bytes come from. */
export interface TensorSource extends TensorSpec {
  /** Little-endian, in row-major order. */
  readonly data: PartsOfBytes;
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
    for (const tensor of header.tensors) await writeParts(sink, tensor, sources.get(tensor.name)!, options.signal);
  };
  if (typeof target === 'string') await writeWholeFile(target, writeAll);
  else await writeAll(target);
}
