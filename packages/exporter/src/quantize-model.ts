// Turns a v0 or v1 .bin into the v2 file that exporting its checkpoint would have given, byte for byte.

import {
  chooseGroupSize,
  DEFAULT_GROUP_SIZE,
  encodeTrailer,
  layout,
  openFile,
  readBinFile,
  shellQuote,
  ToolkitError,
} from '@llama-ts/format';
import { type Kernels, openKernels } from '@llama-ts/kernels';
import { type ExportEvent, type ExportResult, leaveFile } from './export-model.js';
import type { FileLayer } from './files/file-layer.js';
import { identifyFile } from './files/identify-file.js';
import { createDurableFile } from './output/durable-file.js';
import { keyOf } from './output/resume-key.js';
import { writeWeights } from './output/write-weights.js';
import { binWeights } from './weights/bin-weights.js';

/** Options of {@link quantizeModel}. */
export interface QuantizeOptions {
  /** Path of a v0 or v1 file. */
  readonly input: string;
  /** Path of the v2 file to write. */
  readonly output: string;
  /** Values per scale. Default 64, halved until it divides the model's width. */
  readonly groupSize?: number | undefined;
  /** No trailer. Default false. */
  readonly plain?: boolean | undefined;
  /** Replace a file that is there. Default false. */
  readonly force?: boolean | undefined;
  /** Continue what a killed quantization of the same file left beside the output. Default true. */
  readonly resume?: boolean | undefined;
  /**
   * Keeps finished tensors for the next run when the signal aborts, as a kill does, and is told how many. Without it,
   * nothing is left.
   */
  readonly onKept?: ((kept: { readonly nTensors: number }) => void) | undefined;
  /** Default: the machine's files. */
  readonly files?: FileLayer | undefined;
  /** Computes; default: the fastest that runs here. */
  readonly kernels?: Kernels | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Quantizes a file. Checksums are compared where the input states them; the trailer is carried over with new ones.
 *
 * @throws ToolkitError `ALREADY_QUANTIZED`, `SOURCE_CHANGED`, `BAD_CHECKSUM`, `BAD_WEIGHTS`, `BAD_GROUP_SIZE`, and what opening the input
 *   and writing the output throw
 */
export async function* quantizeModel(options: QuantizeOptions): AsyncGenerator<ExportEvent, ExportResult> {
  const { input, output, plain = false, resume = true, force, files, signal } = options;
  signal?.throwIfAborted();
  const bytes = await openFile(input);
  try {
    const bin = await readBinFile(bytes);
    if (bin.layout.tensors.some(({ encoding }) => encoding.isQuantized)) {
      throw new ToolkitError('ALREADY_QUANTIZED', `${input}: is a v2 file, quantized already, expected v0 or v1`, {
        suggestions: [
          `quantize it from its source: llama export ${shellQuote(output)} --hf REPO_OR_DIR --version 2${options.groupSize === undefined ? '' : ` --group-size ${options.groupSize}`}`,
        ],
      });
    }
    const { dimensions } = bin.header;
    const groupSize = chooseGroupSize(dimensions, options.groupSize);
    const header = { version: 2, dimensions, groupSize } as const;
    const { weightsEnd } = layout(header);
    const identity = await identifyFile(input);
    const resumeKey = resume ? keyOf({ header, plain, identity }) : undefined;
    const inputs = [input];
    const expected = { expectedBytes: weightsEnd, direct: true };
    const file = await createDurableFile(output, { force, inputs, files, ...expected, resumeKey });
    let kernels: Kernels | undefined;
    try {
      kernels = options.kernels ?? (await openKernels());
      if (groupSize !== (options.groupSize ?? DEFAULT_GROUP_SIZE)) {
        const message = `group size ${groupSize} instead of ${DEFAULT_GROUP_SIZE}, which does not divide ${dimensions.dim}`;
        yield { type: 'warning', message };
      }
      const written = yield* writeWeights({ header, source: binWeights(bytes, bin), file, kernels, signal });
      let byteLength = weightsEnd;
      if (bin.trailer !== null && !plain) {
        const trailer = encodeTrailer({ ...bin.trailer, checksums: written.checksums }, weightsEnd);
        await file.writeAt(trailer, weightsEnd);
        byteLength += trailer.byteLength;
      }
      signal?.throwIfAborted();
      if ((await identifyFile(input)) !== identity) {
        throw new ToolkitError('SOURCE_CHANGED', `${input}: changed while it was quantized, expected it not to`, {
          suggestions: ['wait until nothing writes to it, then run the same command again'],
        });
      }
      await file.commit(byteLength);
      const { maxError, resumedTensors } = written;
      return { output, version: 2, groupSize, byteLength, weightsEnd, maxError, resumedTensors };
    } finally {
      await leaveFile(file, options);
      if (options.kernels === undefined) await kernels?.close();
    }
  } finally {
    await bytes.close();
  }
}
