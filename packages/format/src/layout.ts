// The list of tensors of a .bin file with their places: the one description that writer and reader both walk.

import { ToolkitError } from '@llama-ts/base';
import { type BinHeader, headerByteLength } from './header.js';
import { columnsOf, isRopeTable, rowsOf, type TensorShape, tensorShapes } from './tensor-shapes.js';
import { alignTensor } from './tensor-table.js';
import { float32Encoding, matrixEncoding, scaleBytes, valueBytes, type WeightEncoding } from './weight-encoding.js';

/** One tensor and its place in the file. */
export interface BinTensor extends TensorShape {
  readonly encoding: WeightEncoding;
  /** Values of the tensor: the product of its shape. */
  readonly nValues: number;
  /** First byte of the values, or of the panels. */
  readonly byteOffset: number;
  /** Bytes of values and scales together; in v3 with the zeros up to the next tensor. */
  readonly byteLength: number;
  /** First byte after the values or panels: of the scales in v2, of zeros in v3. */
  readonly scalesByteOffset: number;
}

/** Every tensor in file order, and where the weights end. */
export interface BinLayout {
  readonly tensors: readonly BinTensor[];
  /** First byte after the last weight: the end of a plain file, the start of the trailer in others. */
  readonly weightsEnd: number;
}

/**
 * Places every tensor of a model.
 *
 * @throws ToolkitError `BAD_HEADER` when the sizes exceed what a file offset can address
 */
export function layout(header: BinHeader): BinLayout {
  const { version, dimensions, groupSize, encodings } = header;
  const tensors: BinTensor[] = [];
  let byteOffset = headerByteLength(header);
  for (const [i, tensor] of tensorShapes(version, dimensions).entries()) {
    const matrix = encodings?.[i] ?? matrixEncoding(groupSize);
    const encoding = tensor.shape.length === 1 ? float32Encoding : matrix;
    const [rows, columns] = [rowsOf(tensor), columnsOf(tensor)];
    const scalesByteOffset = byteOffset + valueBytes(encoding, rows, columns);
    const end = scalesByteOffset + scaleBytes(encoding, rows * columns);
    const byteLength = (version === 3 ? alignTensor(end) : end) - byteOffset;
    tensors.push({ ...tensor, encoding, nValues: rows * columns, byteOffset, byteLength, scalesByteOffset });
    byteOffset += byteLength;
  }
  if (!Number.isSafeInteger(byteOffset)) {
    throw new ToolkitError('BAD_HEADER', `weights of ${byteOffset} bytes, expected at most ${Number.MAX_SAFE_INTEGER}`);
  }
  return { tensors, weightsEnd: byteOffset };
}

/** Bits that a weight of a matrix takes on average, scales included. */
export function bitsPerWeightOf({ tensors }: BinLayout): number {
  let [bits, weights] = [0, 0];
  for (const { shape, encoding, nValues, byteOffset, scalesByteOffset, ...tensor } of tensors) {
    if (shape.length === 1 || isRopeTable(tensor)) continue;
    bits += 8 * (scalesByteOffset - byteOffset + scaleBytes(encoding, nValues));
    weights += nValues;
  }
  return bits / weights;
}
