// Weights of one byte with a scale for all, for each row, or for each block: FP8 (E4M3), and int8 of compressed-tensors.
//
// weight_scale:      (1), () or (rows, 1)            value · scale, in the type of the scale
// weight_scale_inv:  (blocks of rows, of columns)    value · scale, in float32
// @see https://github.com/vllm-project/compressed-tensors, quantization/lifecycle/forward.py, `_dequantize`
// @see https://github.com/huggingface/transformers, integrations/finegrained_fp8.py

import type { SourceDtype } from '@llama-ts/kernels';
import { e4m3Values } from './number-formats.js';
import {
  partOf,
  type QuantizedTensor,
  readFloats,
  readPart,
  type StoredTensors,
  wrongPart,
} from './quantized-tensor.js';

const FLOATS = ['F32', 'BF16', 'F16'] as const;

/** Parts that are not needed to dequantize a weight: scales of activations and of the KV cache. */
export const FP8_SIDE_PARTS = /\.(?:input_scale|input_scale_ub|k_scale|v_scale|output_scale)$/;

/** The tensor at `base`.weight; null where it has no scale. */
export function fp8Tensor(stored: StoredTensors, base: string): QuantizedTensor | null {
  const scale = ['weight_scale', 'weight_scale_inv']
    .map((end) => `${base}.${end}`)
    .find((part) => stored.reader.tensors.has(part));
  if (scale === undefined) return null;
  const main = partOf(stored, `${base}.weight`, { dtypes: ['F8_E4M3', 'I8'] });
  const scales = partOf(stored, scale, { dtypes: FLOATS });
  const [rows, columns] = main.shape;
  if (rows === undefined || columns === undefined || main.shape.length !== 2) {
    throw wrongPart('BAD_TENSOR_SHAPE', stored, `${base}.weight has ${main.shape.length} dimensions, expected 2`);
  }
  const [scaleRows = 1, scaleColumns = 1] = scales.shape;
  const [blockRows, blockColumns] = [Math.ceil(rows / scaleRows), Math.ceil(columns / scaleColumns)];
  const isGrid =
    scales.shape.length <= 2 &&
    Math.ceil(rows / blockRows) === scaleRows &&
    Math.ceil(columns / blockColumns) === scaleColumns;
  if (!isGrid) {
    const message = `${scale} has shape [${scales.shape}], expected one scale, or one for each row or block of [${main.shape}]`;
    throw wrongPart('BAD_TENSOR_SHAPE', stored, message);
  }
  const isBlocked = scale.endsWith('_inv');
  return {
    shape: [rows, columns],
    dtype: isBlocked ? 'F32' : (scales.dtype as SourceDtype),
    main,
    async load(signal) {
      const bytes = await readPart(stored, main.name, signal);
      const factors = await readFloats(stored, scale, signal);
      const toValue = main.dtype === 'I8' ? (byte: number) => (byte << 24) >> 24 : (byte: number) => e4m3Values[byte]!;
      return (firstRow, nRows, into) => {
        for (let row = 0; row < nRows; row++) {
          const factorRow = Math.floor((firstRow + row) / blockRows) * scaleColumns;
          for (let column = 0; column < columns; column++) {
            const factor = factors[factorRow + Math.floor(column / blockColumns)]!;
            into[row * columns + column] = toValue(bytes[(firstRow + row) * columns + column]!) * factor;
          }
        }
      };
    },
  };
}
