// Streams tensors into a GGUF file: header first, then each tensor's bytes as its source yields them, then padding.

import { type ByteSink, type PartsOfBytes, writeParts, writeWholeFile } from '@llama-ts/base';
import { ALIGNMENT_BYTES } from './limits.js';
import type { GgufMetadata } from './metadata.js';
import { paddedByteLength, serializeHeader, type TensorSpec } from './serialize-header.js';

const ZEROS = new Uint8Array(ALIGNMENT_BYTES);

/** A tensor to write and where its bytes come from. */
export interface TensorSource extends TensorSpec {
  /** Encoded, in row-major order. */
  readonly data: PartsOfBytes;
}

/** Options of {@link writeGguf}. */
export interface WriteOptions {
  /** Readers want `general.architecture` at least. */
  readonly metadata?: GgufMetadata | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a GGUF file. A path is written as PATH.partial and renamed at the end, replacing what is there: on failure
 * nothing is left. A sink gets the bytes as they come.
 *
 * @throws INVALID_ARGUMENT, also when a source yields more or fewer bytes than its shape takes; LIMIT_EXCEEDED;
 *   FILE_UNWRITABLE
 * @example
 * await writeGguf('out.gguf', [{ name: 'w', type: 'F32', shape: [2], data: encodeF32(new Float32Array(2)) }]);
 */
export async function writeGguf(
  target: string | ByteSink,
  tensors: readonly TensorSource[],
  options: WriteOptions = {},
): Promise<void> {
  options.signal?.throwIfAborted();
  const header = serializeHeader(tensors, options.metadata);
  const writeAll = async (sink: ByteSink) => {
    await sink.write(header.bytes);
    for (const [i, tensor] of header.tensors.entries()) {
      await writeParts(sink, tensor, tensors[i]!.data, options.signal);
      const padding = paddedByteLength(tensor.byteLength) - tensor.byteLength;
      if (padding > 0) await sink.write(ZEROS.subarray(0, padding));
    }
  };
  if (typeof target === 'string') await writeWholeFile(target, writeAll);
  else await writeAll(target);
}
