// Weights of bitsandbytes: 4 bits (NF4, FP4) in blocks with a scale each, which may be quantized too; int8 by rows.
//
// 4 bits: quant_map[index] · absmax[block], in float32, then rounded to the type that quant_state names. Two indices a byte,
//         the first in the upper bits. Nested: absmax = nested_quant_map[byte] · nested_absmax[block] + nested_offset.
// int8:   value · SCB[row] · (1 / 127), in float32
// @see https://github.com/bitsandbytes-foundation/bitsandbytes, csrc/kernels.cu (kDequantizeBlockwise), functional.py
//   (QuantState), backends/default/ops.py

import { isObject, type JsonObject } from '@llama-ts/base';
import type { SourceDtype } from '@llama-ts/kernels';
import type { ShardTensorInfo } from '@llama-ts/safetensors';
import { parseJson } from '../../json-fields.js';
import {
  partOf,
  type QuantizedTensor,
  readFloats,
  readPart,
  type StoredTensors,
  wrongPart,
} from './quantized-tensor.js';

const dtypes: Readonly<Record<string, SourceDtype>> = { bfloat16: 'BF16', float16: 'F16', float32: 'F32' };
/** 1 / 127, with the digits that the library writes. */
const INT8_FACTOR = 7.874015718698502e-3;
const fround = Math.fround;

/** What quant_state says. */
interface QuantState {
  readonly shape: readonly [number, number];
  readonly dtype: SourceDtype;
  readonly blockSize: number;
  /** null where scales are floats. */
  readonly nested: { readonly blockSize: number; readonly offset: number } | null;
}

/** The tensor at `base`.weight; null where it is not of bitsandbytes. */
export async function bitsandbytesTensor(
  stored: StoredTensors,
  base: string,
  signal: AbortSignal | undefined,
): Promise<QuantizedTensor | null> {
  const { tensors } = stored.reader;
  if (tensors.has(`${base}.SCB`)) return int8Tensor(stored, base);
  const state = ['nf4', 'fp4']
    .map((type) => `${base}.weight.quant_state.bitsandbytes__${type}`)
    .find((part) => tensors.has(part));
  return state === undefined ? null : fourBitTensor(stored, `${base}.weight`, state, signal);
}

function int8Tensor(stored: StoredTensors, base: string): QuantizedTensor {
  const main = partOf(stored, `${base}.weight`, { dtypes: ['I8'] });
  const [rows, columns] = matrixShape(stored, main);
  partOf(stored, `${base}.SCB`, { dtypes: ['F32'], shape: [rows] });
  return {
    shape: [rows, columns],
    dtype: 'F32',
    main,
    async load(signal) {
      const values = new Int8Array((await readPart(stored, main.name, signal)).slice().buffer);
      const scales = await readFloats(stored, `${base}.SCB`, signal);
      return (firstRow, nRows, into) => {
        for (let row = 0; row < nRows; row++) {
          const scale = scales[firstRow + row]!;
          for (let column = 0; column < columns; column++) {
            const value = values[(firstRow + row) * columns + column]!;
            into[row * columns + column] = fround(value * scale) * fround(INT8_FACTOR);
          }
        }
      };
    },
  };
}

async function fourBitTensor(
  stored: StoredTensors,
  weight: string,
  statePart: string,
  signal: AbortSignal | undefined,
): Promise<QuantizedTensor> {
  const { shard } = stored.reader.tensors.get(statePart)!;
  const bytes = await readPart(stored, statePart, signal);
  const json = parseJson(bytes, `${stored.name}/${shard}: ${statePart}`, 'BAD_WEIGHTS');
  const state = readState(stored, statePart, json);
  const { shape, blockSize, nested, dtype } = state;
  const [rows, columns] = shape;
  const nBlocks = Math.ceil((rows * columns) / blockSize);
  const main = partOf(stored, weight, { dtypes: ['U8'] });
  if (main.byteLength !== Math.ceil((rows * columns) / 2)) {
    throw wrongPart(
      'BAD_TENSOR_SHAPE',
      stored,
      `${weight} has ${main.byteLength} bytes, expected half of ${rows} × ${columns}`,
    );
  }
  partOf(stored, `${weight}.quant_map`, { dtypes: ['F32'], shape: [16] });
  partOf(stored, `${weight}.absmax`, { dtypes: [nested === null ? 'F32' : 'U8'], shape: [nBlocks] });
  if (nested !== null) {
    partOf(stored, `${weight}.nested_quant_map`, { dtypes: ['F32'], shape: [256] });
    const shape = [Math.ceil(nBlocks / nested.blockSize)];
    partOf(stored, `${weight}.nested_absmax`, { dtypes: ['F32'], shape });
  }
  return {
    shape,
    dtype,
    main,
    async load(abort) {
      const packed = await readPart(stored, weight, abort);
      const codes = await readFloats(stored, `${weight}.quant_map`, abort);
      const scales =
        nested === null
          ? await readFloats(stored, `${weight}.absmax`, abort)
          : await nestedScales(stored, weight, nested, abort);
      return (firstRow, nRows, into) => {
        for (let i = 0, at = firstRow * columns; i < nRows * columns; i++, at++) {
          const byte = packed[at >>> 1]!;
          const index = at % 2 === 0 ? byte >> 4 : byte & 15;
          into[i] = codes[index]! * scales[Math.floor(at / blockSize)]!;
        }
      };
    },
  };
}

async function nestedScales(
  stored: StoredTensors,
  weight: string,
  { blockSize, offset }: NonNullable<QuantState['nested']>,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const bytes = await readPart(stored, `${weight}.absmax`, signal);
  const codes = await readFloats(stored, `${weight}.nested_quant_map`, signal);
  const scales = await readFloats(stored, `${weight}.nested_absmax`, signal);
  return Float32Array.from(
    bytes,
    (byte, i) => fround(codes[byte]! * scales[Math.floor(i / blockSize)]!) + fround(offset),
  );
}

function readState(stored: StoredTensors, part: string, state: JsonObject): QuantState {
  const { blocksize, dtype, shape, nested_blocksize: nestedSize, nested_offset: offset } = state;
  const [rows, columns] = Array.isArray(shape) && shape.length === 2 ? (shape as unknown[]) : [];
  const isSize = (value: unknown): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
  const type = typeof dtype === 'string' && Object.hasOwn(dtypes, dtype) ? dtypes[dtype]! : null;
  const isNested = nestedSize !== undefined;
  const isRight = isSize(blocksize) && isSize(rows) && isSize(columns) && type !== null && isObject(state);
  if (!isRight || (isNested && !(isSize(nestedSize) && typeof offset === 'number'))) {
    throw wrongPart(
      'BAD_WEIGHTS',
      stored,
      `${part} says ${JSON.stringify(state).slice(0, 200)}, expected a state of 4 bits`,
    );
  }
  return {
    shape: [rows, columns],
    dtype: type,
    blockSize: blocksize,
    nested: isNested ? { blockSize: nestedSize as number, offset: offset as number } : null,
  };
}

function matrixShape(stored: StoredTensors, { name, shape }: ShardTensorInfo): [number, number] {
  const [rows, columns] = shape;
  if (shape.length === 2 && rows !== undefined && columns !== undefined) return [rows, columns];
  throw wrongPart('BAD_TENSOR_SHAPE', stored, `${name} has ${shape.length} dimensions, expected 2`);
}
