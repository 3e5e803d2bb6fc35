// A quantized tensor in the parts that a checkpoint stores: values, scales, zero points. Its rows come from formulas.

import { shellQuote, ToolkitError } from '@llama-ts/base';
import type { SourceDtype } from '@llama-ts/kernels';
import type { ShardTensorInfo, TensorReader } from '@llama-ts/safetensors';
import { show } from '../../json-fields.js';
import { floatsOf } from './number-formats.js';

/** Computes rows [firstRow, firstRow + nRows) into (nRows, cols). */
export type ComputeRows = (firstRow: number, nRows: number, into: Float32Array) => void;

/** A tensor that can be dequantized. */
export interface QuantizedTensor {
  /** (rows = outputs, cols = inputs) */
  readonly shape: readonly [number, number];
  /** Type that the library's formula gives. */
  readonly dtype: SourceDtype;
  /** The part whose place in the files is the tensor's. */
  readonly main: ShardTensorInfo;
  /** Reads all of its parts. */
  load(signal: AbortSignal | undefined): Promise<ComputeRows>;
}

/** A checkpoint's stored tensors. */
export interface StoredTensors {
  readonly reader: TensorReader<ShardTensorInfo>;
  /** Folder or repository, for messages. */
  readonly name: string;
}

/** The bytes of a part. */
export function readPart(
  { reader }: StoredTensors,
  part: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return reader.read(part, { signal });
}

/** The values of a part in floats. @throws ToolkitError `UNSUPPORTED_DTYPE` */
export async function readFloats(
  stored: StoredTensors,
  part: string,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { dtype } = stored.reader.tensors.get(part)!;
  const values = floatsOf(await readPart(stored, part, signal), dtype);
  if (values === null) throw wrongPart('UNSUPPORTED_DTYPE', stored, `${part} is ${dtype}, expected BF16, F16 or F32`);
  return values;
}

/** The facts of a part, which must have this type and shape. @throws ToolkitError `MISSING_TENSOR`, `UNSUPPORTED_DTYPE`, `BAD_TENSOR_SHAPE` */
export function partOf(
  stored: StoredTensors,
  part: string,
  { dtypes, shape }: { readonly dtypes: readonly string[]; readonly shape?: readonly number[] },
): ShardTensorInfo {
  const found = stored.reader.tensors.get(part);
  if (found === undefined) throw wrongPart('MISSING_TENSOR', stored, `no tensor ${part}, expected one`);
  if (!dtypes.includes(found.dtype)) {
    throw wrongPart('UNSUPPORTED_DTYPE', stored, `${part} is ${found.dtype}, expected ${dtypes.join(' or ')}`);
  }
  if (shape !== undefined && String(found.shape) !== String(shape)) {
    throw wrongPart('BAD_TENSOR_SHAPE', stored, `${part} has shape ${show(found.shape)}, expected ${show(shape)}`);
  }
  return found;
}

/** The error of a part that does not fit. */
export function wrongPart(
  code: 'MISSING_TENSOR' | 'UNSUPPORTED_DTYPE' | 'BAD_TENSOR_SHAPE' | 'BAD_WEIGHTS',
  { name }: StoredTensors,
  message: string,
): ToolkitError {
  return new ToolkitError(code, `${name}: ${message}`, {
    suggestions: [`compare config.json with the weights: llama inspect ${shellQuote(name)}`],
  });
}
