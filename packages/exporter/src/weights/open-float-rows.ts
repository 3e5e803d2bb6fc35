// Opens the weights of a checkpoint or of a .bin file of any version as float32 rows.

import { stat } from 'node:fs/promises';
import { columnsOf, templateFacts } from '@llama-ts/format';
import { sourceDtypeBytes } from '@llama-ts/kernels';
import { checkpointSource } from '../checkpoint/checkpoint-source.js';
import { type Checkpoint, openCheckpoint } from '../checkpoint/open-checkpoint.js';
import { openBinRows } from './bin-rows.js';
import { checkFinite } from './check-finite.js';
import type { FloatRows } from './float-rows.js';
import type { WeightCodec } from './weight-codec.js';

/**
 * Opens the weights of a source.
 *
 * @param source an open checkpoint, which stays open, or the path of a folder or of a .bin file
 * @throws ToolkitError what readBinFile and openCheckpoint throw
 */
export async function openFloatRows(
  source: Checkpoint | string,
  codec: WeightCodec,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<FloatRows> {
  options.signal?.throwIfAborted();
  if (typeof source !== 'string') return checkpointRows(source, codec);
  const found = await stat(source).catch(() => null);
  if (found?.isDirectory() !== true) return openBinRows(source, codec);
  const checkpoint = await openCheckpoint(source, { signal: options.signal });
  return { ...checkpointRows(checkpoint, codec), close: () => checkpoint.close() };
}

function checkpointRows(checkpoint: Checkpoint, codec: WeightCodec): FloatRows {
  const source = checkpointSource(checkpoint);
  const { settings, generation, chatTemplate, tokenizer } = checkpoint;
  let bytes = new Uint8Array(0);
  return {
    name: checkpoint.source,
    kind: 'checkpoint',
    dimensions: checkpoint.dimensions,
    words: { ...settings, ...templateFacts(checkpoint), generation, chatTemplate, tokenizer },
    groupSize: null,
    async readRows(tensor, firstRow, nRows, signal) {
      const dtype = source.dtypeOf(tensor);
      const byteLength = nRows * columnsOf(tensor) * sourceDtypeBytes[dtype];
      if (bytes.byteLength < byteLength) bytes = new Uint8Array(byteLength);
      const into = bytes.subarray(0, byteLength);
      await source.readRows(tensor, firstRow, nRows, into, signal);
      const weights = await codec.widen(into, dtype, signal);
      checkFinite(tensor, weights, firstRow, source.name);
      return { weights, quantized: null };
    },
    async close() {},
  };
}
