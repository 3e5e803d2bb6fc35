// Compares a quantized file with the float32 file of the same model: the error quantization made, tensor by tensor.

import { type BinTensor, openFile, readBinFile, ToolkitError } from '@llama-ts/format';
import { type Kernels, openKernels } from '@llama-ts/kernels';

/** Values compared at once, about: whole groups. */
const BLOCK_VALUES = 1 << 20;
const bitsToFloat = new Float32Array(1);
const floatBits = new Uint32Array(bitsToFloat.buffer);

/** What quantization cost one tensor. */
export interface TensorError {
  readonly name: string;
  /** Largest |weight − value · scale|. */
  readonly maxError: number;
  readonly rmse: number;
  /** Largest error in half steps of its group's scale: 1 is as far as rounding goes. */
  readonly maxErrorInHalfSteps: number;
  /** Whether every error is at most half a step of its group, plus one unit in the last place of the weight. */
  readonly isWithinBound: boolean;
}

/** Options of {@link roundTripErrors}. */
export interface RoundTripOptions {
  /** Path of a v2 file. */
  readonly quantized: string;
  /** Path of the v0 or v1 file of the same model. */
  readonly original: string;
  /** Computes; default: the fastest that runs here. */
  readonly kernels?: Kernels | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Dequantizes every tensor of a v2 file and measures its distance from the original.
 *
 * @throws ToolkitError `BAD_VERSION` for files of another version, `DIFFERENT_MODELS` when their dimensions differ, and
 *   what opening them throws
 */
export async function* roundTripErrors(options: RoundTripOptions): AsyncGenerator<TensorError, void> {
  options.signal?.throwIfAborted();
  const quantizedFile = await openFile(options.quantized);
  try {
    const originalFile = await openFile(options.original);
    const kernels = options.kernels ?? (await openKernels());
    try {
      const quantized = await readBinFile(quantizedFile);
      const original = await readBinFile(originalFile);
      if (quantized.header.version !== 2) throw wrongVersion(options.quantized, quantized.header.version, '2');
      if (original.header.version === 2) throw wrongVersion(options.original, 2, '0 or 1');
      const dimensions = [quantized, original].map(({ header }) => JSON.stringify(header.dimensions));
      if (dimensions[0] !== dimensions[1]) {
        throw new ToolkitError(
          'DIFFERENT_MODELS',
          `${options.quantized}: dimensions ${dimensions[0]}, expected ${dimensions[1]} as in ${options.original}`,
          { suggestions: ['compare them: llama inspect FILE'] },
        );
      }
      const originals = new Map(original.layout.tensors.map((tensor) => [tensor.name, tensor]));
      const groupSize = quantized.header.groupSize!;
      for (const tensor of quantized.layout.tensors) {
        options.signal?.throwIfAborted();
        const files = { quantizedFile, originalFile };
        yield await compareTensor(tensor, originals.get(tensor.name)!, files, groupSize, kernels, options.signal);
      }
    } finally {
      if (options.kernels === undefined) await kernels.close();
      await originalFile.close();
    }
  } finally {
    await quantizedFile.close();
  }
}

interface Files {
  readonly quantizedFile: Awaited<ReturnType<typeof openFile>>;
  readonly originalFile: Awaited<ReturnType<typeof openFile>>;
}

async function compareTensor(
  tensor: BinTensor,
  other: BinTensor,
  { quantizedFile, originalFile }: Files,
  groupSize: number,
  kernels: Kernels,
  signal: AbortSignal | undefined,
): Promise<TensorError> {
  const step = tensor.dtype === 'F32' ? tensor.nValues : Math.ceil(BLOCK_VALUES / groupSize) * groupSize;
  const total = { maxError: 0, squares: 0, maxErrorInHalfSteps: 0, isWithinBound: true };
  for (let start = 0; start < tensor.nValues; start += step) {
    const n = Math.min(step, tensor.nValues - start);
    const weights = float32Of(await originalFile.read(other.byteOffset + 4 * start, 4 * n));
    if (tensor.scalesByteOffset === null) {
      const values = float32Of(await quantizedFile.read(tensor.byteOffset + 4 * start, 4 * n));
      // Half a step of nothing: a tensor stored in float32 must be the same.
      addErrors(total, weights, values, new Float32Array(1), n);
      continue;
    }
    const values = kernels.allocate.int8(n);
    values.set(new Int8Array((await quantizedFile.read(tensor.byteOffset + start, n)).buffer));
    const scales = kernels.allocate.float32(n / groupSize);
    const scalesByteOffset = tensor.scalesByteOffset + (4 * start) / groupSize;
    scales.set(float32Of(await quantizedFile.read(scalesByteOffset, (4 * n) / groupSize)));
    const dequantized = kernels.allocate.float32(n);
    kernels.dequantize(dequantized, values, scales, groupSize);
    await kernels.run(signal);
    addErrors(total, weights, dequantized, scales, groupSize);
  }
  const { maxError, maxErrorInHalfSteps, isWithinBound } = total;
  const rmse = Math.sqrt(total.squares / tensor.nValues);
  return { name: tensor.name, maxError, rmse, maxErrorInHalfSteps, isWithinBound };
}

interface Total {
  maxError: number;
  squares: number;
  maxErrorInHalfSteps: number;
  isWithinBound: boolean;
}

function addErrors(
  total: Total,
  weights: Float32Array,
  restored: Float32Array,
  scales: Float32Array,
  groupSize: number,
): void {
  for (let i = 0; i < weights.length; i++) {
    const error = Math.abs(weights[i]! - restored[i]!);
    const halfStep = scales[Math.floor(i / groupSize)]! / 2;
    total.squares += error * error;
    total.maxError = Math.max(total.maxError, error);
    if (error > 0) total.maxErrorInHalfSteps = Math.max(total.maxErrorInHalfSteps, error / halfStep);
    // Written so that NaN is out of bounds.
    if (!(error === 0 || error <= halfStep + unitInLastPlace(weights[i]!))) total.isWithinBound = false;
  }
}

/** Distance from a float32 to the next one away from zero. */
function unitInLastPlace(value: number): number {
  bitsToFloat[0] = Math.abs(value);
  const magnitude = bitsToFloat[0]!;
  floatBits[0] = floatBits[0]! + 1;
  return bitsToFloat[0]! - magnitude;
}

/** The files' bytes are little-endian, and so is every machine that Node runs the toolkit on. */
function float32Of(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function wrongVersion(path: string, version: number, expected: string): ToolkitError {
  return new ToolkitError('BAD_VERSION', `${path}: version ${version}, expected ${expected}`, {
    suggestions: ['llama quantize MODEL.bin makes a v2 file of a v0 or v1 file'],
  });
}
