// A quantized checkpoint seen as one of floats: its tensors have the names of a Llama, and their rows are computed as they
// are read, by the formulas of the library that quantized them.

import { sourceDtypeBytes } from '@llama-ts/kernels';
import type { ReadOptions, ShardTensorInfo, TensorReader } from '@llama-ts/safetensors';
import { NOTHING_LEFT } from '../../weights/weight-rows.js';
import type { TensorPass } from '../weight-stream.js';
import { bitsandbytesTensor } from './bitsandbytes.js';
import { FP8_SIDE_PARTS, fp8Tensor } from './fp8.js';
import { packedTensor } from './gptq-awq.js';
import type { QuantizationMethod } from './method.js';
import { bytesOfFloats } from './number-formats.js';
import type { ComputeRows, QuantizedTensor, StoredTensors } from './quantized-tensor.js';

/** Ends of the names of parts, after the name of a layer. */
const PART =
  /\.(?:qweight|qzeros|scales|g_idx|SCB|weight_format|weight_scale|weight_scale_inv|weight\.(?:absmax|quant_map|nested_absmax|nested_quant_map|quant_state\.bitsandbytes__\w+))$/;

/** Finds the quantized tensors; the others are read as they are. @throws ToolkitError of a part that is missing or does not fit */
export async function dequantizedReader(
  stored: StoredTensors,
  method: QuantizationMethod,
  signal: AbortSignal | undefined,
): Promise<TensorReader<ShardTensorInfo>> {
  const { reader } = stored;
  const bases = new Set(
    [...reader.tensors.keys()].flatMap((name) => (PART.test(name) ? [name.replace(PART, '')] : [])),
  );
  const quantized = new Map<string, QuantizedTensor>();
  for (const base of bases) {
    const tensor =
      method === 'fp8'
        ? fp8Tensor(stored, base)
        : method === 'bitsandbytes'
          ? await bitsandbytesTensor(stored, base, signal)
          : packedTensor(stored, base, method);
    if (tensor !== null) quantized.set(`${base}.weight`, tensor);
  }
  const tensors = new Map<string, ShardTensorInfo>();
  for (const [name, info] of reader.tensors) {
    const base = name.replace(/\.(?:weight|qweight)$/, '');
    const found = quantized.get(`${base}.weight`);
    if (found?.main.name === name) {
      const { shape, dtype, main } = found;
      const byteLength = shape[0] * shape[1] * sourceDtypeBytes[dtype];
      tensors.set(`${base}.weight`, { ...main, name: `${base}.weight`, shape, dtype, byteLength });
    } else if (!(await isSidePart(stored, name, bases, signal))) tensors.set(name, info);
  }
  return readerOf(reader, tensors, quantized);
}

/** One reading of all tensors; the files are hashed separately. */
export function dequantizedPass(reader: TensorReader<ShardTensorInfo>): TensorPass {
  const places = new Map([...reader.tensors.keys()].map((name, place) => [name, place]));
  return {
    placeOf: (name) => places.get(name)!,
    async readNext(name, start, into, signal) {
      await reader.read(name, { start, end: start + into.byteLength, into, signal });
      return NOTHING_LEFT;
    },
    finish: async () => [],
  };
}

/**
 * Whether a stored tensor only helps to decode another, such as its scales. A bias of zeros counts as well: some of these libraries store
 * one with weights that have none.
 */
async function isSidePart(
  stored: StoredTensors,
  name: string,
  bases: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (PART.test(name) || FP8_SIDE_PARTS.test(name)) return true;
  if (!name.endsWith('.bias') || !bases.has(name.slice(0, -'.bias'.length))) return false;
  return (await stored.reader.read(name, { signal })).every((byte) => byte === 0);
}

function readerOf(
  stored: TensorReader<ShardTensorInfo>,
  tensors: ReadonlyMap<string, ShardTensorInfo>,
  quantized: ReadonlyMap<string, QuantizedTensor>,
): TensorReader<ShardTensorInfo> {
  // The tensor that was read last is kept, because its rows are read one after the other.
  let loaded: { readonly name: string; readonly compute: Promise<ComputeRows> } | null = null;
  return {
    tensors,
    async read(name: string, options: ReadOptions = {}) {
      const tensor = quantized.get(name);
      if (tensor === undefined) return stored.read(name, options);
      const { signal } = options;
      signal?.throwIfAborted();
      const [, columns] = tensor.shape;
      const rowBytes = columns * sourceDtypeBytes[tensor.dtype];
      const { start = 0, end = tensors.get(name)!.byteLength, into } = options;
      const firstRow = Math.floor(start / rowBytes);
      const nRows = Math.ceil(end / rowBytes) - firstRow;
      if (loaded?.name !== name) loaded = { name, compute: tensor.load(signal) };
      const mine = loaded;
      const compute = await mine.compute.catch((error: unknown) => {
        if (loaded === mine) loaded = null;
        throw error;
      });
      const values = new Float32Array(nRows * columns);
      compute(firstRow, nRows, values);
      const bytes = bytesOfFloats(values, tensor.dtype).subarray(
        start - firstRow * rowBytes,
        end - firstRow * rowBytes,
      );
      if (into === undefined) return bytes;
      into.set(bytes);
      return into.subarray(0, bytes.byteLength);
    },
    close: () => stored.close(),
  };
}
