// Quantizes one matrix of a layer: in 4 bits with feedback, in 8 bits by the largest magnitudes.

import {
  type BinTensor,
  columnsOf,
  type ModelDimensions,
  type PanelEncoding,
  q8Encoding,
  rowsOf,
  tensorShape,
  valueBytes,
} from '@llama-ts/format';
import { type Kernels, panelRows, type Q4PanelMatrix } from '@llama-ts/kernels';
import { checkScales } from '../weights/beyond-scales.js';
import { chooseCodebook } from '../weights/choose-codebook.js';
import { panelMatrix } from '../weights/panel-matrix.js';
import type { Factor } from './factor.js';
import { layerMatrices } from './layer-weights.js';
import { quantizeWithFeedback } from './quantize-with-feedback.js';
import type { Workspace } from './workspace.js';

/** A matrix as it is stored. */
export interface StoredMatrix {
  readonly encoding: PanelEncoding;
  /** Its panels. */
  readonly bytes: Uint8Array;
  /** The largest |weight − stored weight|. */
  readonly maxError: number;
}

/** Quantizes weights (rows, cols) and puts the stored weights in their place. The bytes are valid until the next call. */
export type MatrixQuantizer = (
  tensor: BinTensor,
  weights: Float32Array,
  factor: Factor | null,
) => Promise<StoredMatrix>;

/** Options of {@link createMatrixQuantizer}. */
export interface MatrixQuantizerOptions {
  readonly dimensions: ModelDimensions;
  readonly workspace: Workspace;
  /** The source's name, in messages. */
  readonly name: string;
  readonly kernels: Kernels;
  readonly signal?: AbortSignal | undefined;
}

/** Most bytes of the panels of a matrix of a layer. */
export function largestPanelsBytes(dimensions: ModelDimensions): number {
  const lengths = layerMatrices.map((kind) => {
    const [rows, cols] = tensorShape(kind, dimensions) as [number, number];
    return valueBytes(q8Encoding, rows, cols);
  });
  return Math.max(...lengths);
}

/** @throws ToolkitError `TYPE_UNFIT` from the quantizer for weights that float16 scales cannot hold */
export function createMatrixQuantizer(options: MatrixQuantizerOptions): MatrixQuantizer {
  const { dimensions, workspace, name, kernels, signal } = options;
  const memory = kernels.allocate.uint8(largestPanelsBytes(dimensions));
  const largest = kernels.allocate.float32(1);
  return async (tensor, weights, factor) => {
    const [rows, cols] = [rowsOf(tensor), columnsOf(tensor)];
    const bytes = memory.subarray(0, valueBytes(tensor.encoding, rows, cols));
    const source = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
    kernels.largestMagnitude(largest, weights);
    await kernels.run(signal);
    checkScales(largest[0]!, tensor.name, name);
    if (tensor.encoding.id === 'Q4' && factor !== null) {
      const encoding = await chooseCodebook({ source, dtype: 'F32', rows, columns: cols }, kernels, signal);
      const matrix = panelMatrix(encoding, rows, cols, bytes) as Q4PanelMatrix;
      const maxError = await quantizeWithFeedback(matrix, encoding, weights, factor, workspace, kernels, signal);
      return { encoding, bytes, maxError };
    }
    kernels.quantizePanels(panelMatrix(q8Encoding, rows, cols, bytes), largest, source, 'F32');
    await kernels.run(signal);
    const maxError = largest[0]!;
    readPanels(weights, tensor, q8Encoding, bytes);
    return { encoding: q8Encoding, bytes, maxError };
  };
}

/** Reads the weights (rows, cols) that panels hold. */
export function readPanels(into: Float32Array, tensor: BinTensor, encoding: PanelEncoding, panels: Uint8Array): void {
  const [rows, cols] = [rowsOf(tensor), columnsOf(tensor)];
  const reader = panelRows(panelMatrix(encoding, rows, cols, panels));
  const { groupSize } = encoding;
  for (let row = 0; row < rows; row++) {
    const [values, scales] = [reader.values(row), reader.scales(row)];
    for (let column = 0; column < cols; column++) {
      into[row * cols + column] = values[column]! * scales[Math.floor(column / groupSize)]!;
    }
  }
}
