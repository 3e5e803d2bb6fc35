// Weights of GPTQ and AWQ: 4 bits with scales and zero points for groups of inputs, stored with inputs as rows.
//
// GPTQ: qweight (inputs / 8, outputs), qzeros (groups, outputs / 8), scales (groups, outputs), g_idx (inputs)
//       eight inputs of one output in each int32, the first in the lowest bits; the stored zero point is one less
// AWQ:  qweight (inputs, outputs / 8), qzeros (groups, outputs / 8), scales (groups, outputs)
//       eight outputs of one input in each int32, in the order 0 2 4 6 1 3 5 7 from the lowest bits
// Both: (value − zero point) · scale, rounded to the type of the scale
// @see https://github.com/AutoGPTQ/AutoGPTQ, nn_modules/qlinear/qlinear_cuda_old.py
// @see https://github.com/casper-hansen/AutoAWQ, awq/utils/packing_utils.py

import type { SourceDtype } from '@llama-ts/kernels';
import type { QuantizationMethod } from './method.js';
import {
  partOf,
  type QuantizedTensor,
  readFloats,
  readPart,
  type StoredTensors,
  wrongPart,
} from './quantized-tensor.js';

/** Values in an int32. */
const PACKED = 8;
/** Where each output of eight is, counted in values from the lowest bits. */
const AWQ_PLACES = [0, 4, 1, 5, 2, 6, 3, 7] as const;

/** The tensor of `base`.qweight; null where there is none. */
export function packedTensor(stored: StoredTensors, base: string, method: QuantizationMethod): QuantizedTensor | null {
  const { tensors } = stored.reader;
  if (!tensors.has(`${base}.qweight`)) return null;
  const isAwq = method === 'awq';
  const main = partOf(stored, `${base}.qweight`, { dtypes: ['I32'] });
  const scales = partOf(stored, `${base}.scales`, { dtypes: ['F16', 'BF16', 'F32'] });
  const [storedRows = 0, storedColumns = 0] = main.shape;
  const [inputs, outputs] = isAwq ? [storedRows, storedColumns * PACKED] : [storedRows * PACKED, storedColumns];
  const [groups = 0] = scales.shape;
  if (
    main.shape.length !== 2 ||
    groups === 0 ||
    String(scales.shape) !== String([groups, outputs]) ||
    outputs % PACKED !== 0
  ) {
    const message = `${base}.scales has shape [${scales.shape}], expected (groups, ${outputs}) for a qweight of [${main.shape}]`;
    throw wrongPart('BAD_TENSOR_SHAPE', stored, message);
  }
  partOf(stored, `${base}.qzeros`, { dtypes: ['I32'], shape: [groups, outputs / PACKED] });
  const hasOrder = !isAwq && tensors.has(`${base}.g_idx`);
  if (hasOrder) partOf(stored, `${base}.g_idx`, { dtypes: ['I32', 'I64'], shape: [inputs] });
  return {
    shape: [outputs, inputs],
    dtype: scales.dtype as SourceDtype,
    main,
    async load(signal) {
      const values = int32(await readPart(stored, main.name, signal));
      const zeros = int32(await readPart(stored, `${base}.qzeros`, signal));
      const factors = await readFloats(stored, `${base}.scales`, signal);
      const groupOf = hasOrder
        ? await readOrder(stored, `${base}.g_idx`, groups, signal)
        : Int32Array.from({ length: inputs }, (_, i) => Math.floor(i / Math.ceil(inputs / groups)));
      const words = outputs / PACKED;
      const zeroOffset = method === 'gptq' ? 1 : 0;
      return (firstRow, nRows, into) => {
        for (let row = 0; row < nRows; row++) {
          const output = firstRow + row;
          const place = isAwq ? AWQ_PLACES[output % PACKED]! : output % PACKED;
          for (let input = 0; input < inputs; input++) {
            const value = isAwq
              ? nibble(values[input * words + (output >> 3)]!, place)
              : nibble(values[(input >> 3) * outputs + output]!, input % PACKED);
            const group = groupOf[input]!;
            const zero = (nibble(zeros[group * words + (output >> 3)]!, place) + zeroOffset) & 15;
            into[row * inputs + input] = (value - zero) * factors[group * outputs + output]!;
          }
        }
      };
    },
  };
}

async function readOrder(
  stored: StoredTensors,
  part: string,
  groups: number,
  signal: AbortSignal | undefined,
): Promise<Int32Array> {
  const bytes = await readPart(stored, part, signal);
  const isLong = stored.reader.tensors.get(part)!.dtype === 'I64';
  const order = isLong ? Int32Array.from(new BigInt64Array(bytes.slice().buffer), Number) : int32(bytes);
  const stray = order.find((group) => group < 0 || group >= groups);
  if (stray !== undefined)
    throw wrongPart('BAD_WEIGHTS', stored, `${part} names group ${stray}, expected 0 to ${groups - 1}`);
  return order;
}

function int32(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.slice().buffer);
}

/** Four bits of a word, counted from the lowest. */
function nibble(word: number, place: number): number {
  return (word >>> (4 * place)) & 15;
}
