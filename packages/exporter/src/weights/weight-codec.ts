// The arithmetic of writing weights, block by block, to compare a file with what an export would write.

import {
  isInPanels,
  type ModelDimensions,
  type PanelEncoding,
  type Q4Encoding,
  type Q8RowsEncoding,
  valueBytes,
} from '@llama-ts/format';
import { type Kernels, openKernels, panelRows, ropeTable, type SourceDtype } from '@llama-ts/kernels';
import { chooseCodebook } from './choose-codebook.js';
import { panelMatrix } from './panel-matrix.js';
import { V0_ROPE_THETA } from './v0-rope-theta.js';

/** Quantized rows: a weight is its value times the scale of its group. */
export interface QuantizedRows {
  /** (n) */
  readonly values: Int8Array;
  /** (n / groupSize) */
  readonly scales: Float32Array;
}

/** Widens, quantizes and dequantizes one block at a time; what a method returns holds until its next call. */
export interface WeightCodec {
  /** Most values of a block. */
  readonly maxValues: number;
  /** Little-endian elements as float32, exactly. */
  widen(bytes: Uint8Array, dtype: SourceDtype, signal?: AbortSignal): Promise<Float32Array>;
  /** Rows by the writer's rule (docs/format.md). */
  quantize(
    weights: Float32Array,
    encoding: Q8RowsEncoding | PanelEncoding,
    columns: number,
    signal?: AbortSignal,
  ): Promise<QuantizedRows>;
  /** The encoding in 4 bits that a writer chooses for a tensor. @param weights its first block of rows */
  chooseEncoding(weights: Float32Array, columns: number, signal?: AbortSignal): Promise<Q4Encoding>;
  /** Each product rounded to float32 once, as the forward pass reads it. */
  dequantize(rows: QuantizedRows, groupSize: number, signal?: AbortSignal): Promise<Float32Array>;
  /** The tables that a v0 file holds, (maxSeqLen, headDim / 2) each. */
  v0RopeTables(dimensions: ModelDimensions): { readonly cos: Float32Array; readonly sin: Float32Array };
  close(): Promise<void>;
}

/** Options of {@link openWeightCodec}. */
export interface OpenWeightCodecOptions {
  /** Most values of a block; every buffer is allocated once with this size. */
  readonly maxValues: number;
  /** Kernels to compute with; default: the fastest that run here. */
  readonly kernels?: Kernels | undefined;
}

/** Opens kernels and allocates the buffers of one block. */
export async function openWeightCodec(options: OpenWeightCodecOptions): Promise<WeightCodec> {
  const { maxValues } = options;
  const kernels = options.kernels ?? (await openKernels());
  const { allocate } = kernels;
  const source = allocate.uint8(4 * maxValues);
  const widened = allocate.float32(maxValues);
  const weights = allocate.float32(maxValues);
  const quantized = { values: allocate.int8(maxValues), scales: allocate.float32(maxValues) };
  const stored = { values: allocate.int8(maxValues), scales: allocate.float32(maxValues) };
  const dequantized = allocate.float32(maxValues);
  const largest = allocate.float32(1);
  let panels = allocate.uint8(0);
  return {
    maxValues,
    async widen(bytes, dtype, signal) {
      const out = widened.subarray(0, bytes.length / (dtype === 'F32' ? 4 : 2));
      const from = copyInto(source, bytes);
      kernels.widen(out, from, dtype);
      await kernels.run(signal);
      return out;
    },
    async quantize(given, encoding, columns, signal) {
      const x = copyInto(weights, given);
      const values = quantized.values.subarray(0, x.length);
      const scales = quantized.scales.subarray(0, x.length / encoding.groupSize);
      if (isInPanels(encoding)) {
        const rows = x.length / columns;
        const byteLength = valueBytes(encoding, rows, columns);
        if (panels.byteLength < byteLength) panels = allocate.uint8(byteLength);
        const matrix = panelMatrix(encoding, rows, columns, panels.subarray(0, byteLength));
        kernels.quantizePanels(matrix, largest, bytesOf(x), 'F32');
        await kernels.run(signal);
        const reader = panelRows(matrix);
        for (let row = 0; row < rows; row++) {
          values.set(reader.values(row), row * columns);
          scales.set(reader.scales(row), (row * columns) / encoding.groupSize);
        }
      } else {
        kernels.quantize(values, scales, x, encoding.groupSize);
        await kernels.run(signal);
      }
      return { values, scales };
    },
    async chooseEncoding(given, columns, signal) {
      const x = copyInto(weights, given);
      const first = { source: bytesOf(x), dtype: 'F32' as const, rows: x.length / columns, columns };
      return chooseCodebook(first, kernels, signal);
    },
    async dequantize(rows, groupSize, signal) {
      const values = copyInto(stored.values, rows.values);
      const scales = copyInto(stored.scales, rows.scales);
      const out = dequantized.subarray(0, values.length);
      kernels.dequantize(out, values, scales, groupSize);
      await kernels.run(signal);
      return out;
    },
    v0RopeTables({ dim, nHeads, maxSeqLen }) {
      const headDim = dim / nHeads;
      return ropeTable({ headDim, seqLen: maxSeqLen, theta: V0_ROPE_THETA, scaling: null, allocate });
    },
    async close() {
      if (options.kernels === undefined) await kernels.close();
    },
  };
}

/** Kernels work on arrays of their own allocation only. */
function copyInto<T extends Uint8Array | Int8Array | Float32Array>(buffer: T, from: T): T {
  const view = buffer.subarray(0, from.length) as T;
  view.set(from);
  return view;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
