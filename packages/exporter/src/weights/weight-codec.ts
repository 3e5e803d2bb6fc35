// The arithmetic of writing weights, block by block, for whoever compares a file with what an export would write.

import type { ModelDimensions } from '@llama-ts/format';
import { type Kernels, openKernels, ropeTable, type SourceDtype } from '@llama-ts/kernels';
import { V0_ROPE_THETA } from '../output/convert-blocks.js';

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
  /** By the writer's rule (docs/format.md). */
  quantize(weights: Float32Array, groupSize: number, signal?: AbortSignal): Promise<QuantizedRows>;
  /** Each product rounded to float32 once, as the forward pass reads it. */
  dequantize(rows: QuantizedRows, groupSize: number, signal?: AbortSignal): Promise<Float32Array>;
  /** The tables that a v0 file holds, (maxSeqLen, headDim / 2) each. */
  v0RopeTables(dimensions: ModelDimensions): { readonly cos: Float32Array; readonly sin: Float32Array };
  close(): Promise<void>;
}

/** Options of {@link openWeightCodec}. */
export interface OpenWeightCodecOptions {
  /** Most values of a block; every buffer is allocated once, for so many. */
  readonly maxValues: number;
  /** Computes; default: the fastest that runs here. */
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
  return {
    maxValues,
    async widen(bytes, dtype, signal) {
      const out = widened.subarray(0, bytes.length / (dtype === 'F32' ? 4 : 2));
      const from = copyInto(source, bytes);
      kernels.widen(out, from, dtype);
      await kernels.run(signal);
      return out;
    },
    async quantize(given, groupSize, signal) {
      const x = copyInto(weights, given);
      const values = quantized.values.subarray(0, x.length);
      const scales = quantized.scales.subarray(0, x.length / groupSize);
      kernels.quantize(values, scales, x, groupSize);
      await kernels.run(signal);
      return { values, scales };
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
