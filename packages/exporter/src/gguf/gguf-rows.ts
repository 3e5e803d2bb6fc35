// Rows of a GGUF file's tensors: floats as they are, quantized ones dequantized as llama.cpp does.
//
// Rows of q and k are in the order of a .bin file: Meta's.

import { shellQuote, ToolkitError } from '@llama-ts/base';
import {
  type BinTensor,
  columnsOf,
  type ModelDimensions,
  q4Encoding,
  q8Encoding,
  rowsOf,
  type WeightEncoding,
} from '@llama-ts/format';
import {
  type BlockType,
  decodeStoredBlocks,
  dequantize,
  type GgmlType,
  type GgufFiles,
  iq4NlValues,
  isQuantizedTypeRead,
  q4_0Values,
  type SplitTensor,
} from '@llama-ts/gguf';
import type { SourceDtype } from '@llama-ts/kernels';
import { isSourceDtype } from '../checkpoint/tensor-names.js';
import type { TensorPass } from '../checkpoint/weight-stream.js';
import type { QuantizedRows } from '../weights/weight-codec.js';
import { NOTHING_LEFT, type RowsRead, type WeightPass, type WeightRows } from '../weights/weight-rows.js';
import { ggufName } from './gguf-names.js';

/** Open files, and the model that they make. */
export interface GgufTensors {
  readonly files: GgufFiles;
  readonly dimensions: ModelDimensions;
  /** Name in messages. */
  readonly name: string;
}

/** No block of llama.cpp holds it: quantized values go from -127 to 127. */
const UNUSED_VALUE = -128;

/** Rows of any tensor, in any order. */
export function ggufRows(tensors: GgufTensors): WeightRows {
  const { files } = tensors;
  return rowsBy(tensors, async (name, start, into, signal) => {
    const { part, byteOffset } = files.tensors.get(name)!;
    await files.files[part]!.readBytes(byteOffset + start, into, signal);
    return NOTHING_LEFT;
  });
}

/** Rows that are read in the order of the files. */
export function ggufPass(tensors: GgufTensors, pass: TensorPass): WeightPass {
  const { fileOf } = pass;
  return {
    ...rowsBy(tensors, pass.readNext),
    placeOf: (tensor) => pass.placeOf(ggufName(tensor)),
    ...(fileOf === undefined ? {} : { fileOf: (tensor: BinTensor) => fileOf(ggufName(tensor)) }),
    finish: pass.finish,
  };
}

function rowsBy({ files, name }: GgufTensors, readBytes: TensorPass['readNext']): WeightRows {
  const find = (tensor: BinTensor): SplitTensor => files.tensors.get(ggufName(tensor))!;
  return {
    name,
    dtypeOf: (tensor) => dtypeOf(find(tensor).type),
    quantizationOf: (tensor) => encodingOf(find(tensor).type),
    async readRows(tensor, firstRow, nRows, into, signal): Promise<RowsRead> {
      signal?.throwIfAborted();
      const { type, byteLength } = find(tensor);
      const rowBytes = byteLength / rowsOf(tensor);
      if (!isQuantizedTypeRead(type)) {
        return readBytes(ggufName(tensor), firstRow * rowBytes, into.subarray(0, nRows * rowBytes), signal);
      }
      const blocks = new Uint8Array(nRows * rowBytes);
      const { hashed } = await readBytes(ggufName(tensor), firstRow * rowBytes, blocks, signal);
      dequantize(type, blocks, new Float32Array(into.buffer, into.byteOffset, nRows * columnsOf(tensor)));
      let stored: QuantizedRows | null | undefined;
      return {
        hashed,
        // Most who read rows want the floats alone.
        get stored() {
          if (stored === undefined) stored = isBlockType(type) ? decode(type, blocks, tensor, firstRow, name) : null;
          return stored;
        },
      };
    },
  };
}

/** The encoding of a .bin file that holds blocks of this type without loss; null for others. */
export function encodingOf(type: GgmlType): WeightEncoding | null {
  switch (type) {
    case 'Q8_0':
      return q8Encoding;
    case 'Q4_0':
      return q4Encoding(q4_0Values);
    case 'IQ4_NL':
      return q4Encoding(iq4NlValues);
    default:
      return null;
  }
}

function dtypeOf(type: GgmlType): SourceDtype {
  return isSourceDtype(type) ? type : 'F32';
}

function isBlockType(type: GgmlType): type is BlockType {
  return encodingOf(type) !== null;
}

/** @throws ToolkitError `BAD_WEIGHTS` for what no .bin file holds */
function decode(type: BlockType, bytes: Uint8Array, tensor: BinTensor, firstRow: number, name: string): QuantizedRows {
  const { values, scales } = decodeStoredBlocks(type, bytes);
  const groupSize = values.length / scales.length;
  const bad = (group: number, what: string): ToolkitError => {
    const start = group * groupSize;
    const columns = columnsOf(tensor);
    const at = `row ${firstRow + Math.floor(start / columns)}, columns ${start % columns} to ${(start % columns) + groupSize - 1}`;
    return new ToolkitError('BAD_WEIGHTS', `${name}: ${tensor.name} (${type}) has ${what} at ${at}`, {
      suggestions: [`as floats, which hold any value: llama export ${shellQuote(name)} --version 1`],
    });
  };
  const unused = type === 'Q8_0' ? values.indexOf(UNUSED_VALUE) : -1;
  if (unused >= 0) throw bad(Math.floor(unused / groupSize), `the value ${UNUSED_VALUE}, expected -127 to 127,`);
  for (let group = 0; group < scales.length; group++) {
    const scale = scales[group]!;
    if (!Number.isFinite(scale)) throw bad(group, `the scale ${scale}, expected a finite number,`);
    if (type !== 'Q8_0' || scale > 0 || Object.is(scale, 0)) continue;
    // v2 holds no negative scale; the same weights have a positive one.
    scales[group] = -scale;
    for (let i = group * groupSize; i < (group + 1) * groupSize; i++) values[i] = -values[i]!;
  }
  return { values, scales };
}
