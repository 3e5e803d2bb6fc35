// Writes the weights of one .bin file as a v0 or v1 file, trailer included.

import { type BinFile, encodeTrailer, layout } from '@llama-ts/format';
import { type Kernels, openKernels } from '@llama-ts/kernels';
import type { ExportResult } from '../export-model.js';
import type { FileLayer } from '../files/file-layer.js';
import { identifyFile } from '../files/identify-file.js';
import { watchSource } from '../files/source-watch.js';
import { createDurableFile } from '../output/durable-file.js';
import type { WeightSource } from '../output/weight-source.js';
import { type WriteEvent, writeWeights } from '../output/write-weights.js';

/** What {@link rewriteBin} works with. */
export interface RewriteBinOptions {
  readonly input: string;
  readonly bin: BinFile;
  readonly weights: WeightSource;
  readonly output: string;
  readonly version: 0 | 1;
  /** No trailer. */
  readonly plain: boolean;
  readonly force: boolean | undefined;
  readonly files: FileLayer | undefined;
  readonly kernels: Kernels | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Writes the file; a plain one stays plain. @throws what reading the input and writing the output throw */
export async function* rewriteBin(options: RewriteBinOptions): AsyncGenerator<WriteEvent, ExportResult> {
  const { input, bin, weights, output, version, plain, force, files, signal } = options;
  const checkUnchanged = await watchSource(input, () => identifyFile(input));
  const header = { version, dimensions: bin.header.dimensions, groupSize: null };
  const { weightsEnd } = layout(header);
  const expected = { expectedBytes: weightsEnd, direct: true };
  const file = await createDurableFile(output, { force, files, inputs: [input], ...expected });
  let kernels: Kernels | undefined;
  try {
    kernels = options.kernels ?? (await openKernels());
    const { checksums } = yield* writeWeights({ header, source: weights, file, kernels, signal });
    let byteLength = weightsEnd;
    if (bin.trailer !== null && !plain) {
      const trailer = encodeTrailer({ ...bin.trailer, checksums }, weightsEnd);
      await file.writeAt(trailer, weightsEnd);
      byteLength += trailer.byteLength;
    }
    signal?.throwIfAborted();
    await checkUnchanged();
    await file.commit(byteLength);
    return { output, version, groupSize: null, byteLength, weightsEnd, maxError: null, resumedTensors: 0 };
  } finally {
    await file.discard();
    if (options.kernels === undefined) await kernels?.close();
  }
}
