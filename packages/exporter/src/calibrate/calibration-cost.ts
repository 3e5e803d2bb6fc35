// Memory and time of a calibration, before it begins.

import { columnsOf, type ModelDimensions, rowsOf, tensorShape } from '@llama-ts/format';
import type { Kernels } from '@llama-ts/kernels';
import { MAX_BLOCK_BYTES } from '../output/row-blocks.js';
import { chunkLength } from './calibration.js';
import { groupSearch } from './group-search.js';
import { layerMatrices } from './layer-weights.js';
import { lowerLength } from './lower-matrix.js';
import { largestPanelsBytes } from './quantize-matrix.js';
import { workspaceLengths } from './workspace.js';

/** Bytes of a float32. */
const FLOAT_BYTES = 4;
/** Bytes of a token in lists and maps of JavaScript; measured. */
const BYTES_PER_TOKEN = 100;

/** How fast a machine calibrates. */
export interface CalibrationSpeed {
  /** float32 multiplications with an addition each. */
  readonly multiplyAddsPerSecond: number;
  /** Weights whose scale and index are searched. */
  readonly searchedWeightsPerSecond: number;
}

/** The work of a calibration. */
export interface CalibrationWork {
  readonly multiplyAdds: number;
  readonly searchedWeights: number;
}

/**
 * Most memory that a calibration takes besides the program, in bytes: hidden states and what wo takes of all tokens, a layer's
 * weights, moments, factor and feedback, and buffers for a chunk.
 *
 * @param nTokens of all chunks, with those before each
 */
export function calibrationMemoryBytes(dimensions: ModelDimensions, nTokens: number): number {
  const { dim, hiddenDim, nHeads, nKvHeads } = dimensions;
  const maxTokens = Math.min(chunkLength(dimensions), nTokens);
  const kvDim = (dim / nHeads) * nKvHeads;
  const workspace = Object.values(workspaceLengths(dimensions, maxTokens)).reduce((sum, length) => sum + length, 0);
  const ofChunk = maxTokens * (3 * dim + 4 * kvDim + 2 * hiddenDim);
  const floats = 2 * nTokens * dim + matricesOf(dimensions).reduce((sum, { n }) => sum + n, 0) + workspace + ofChunk;
  // Blocks of the source as they are stored, and widened.
  const blocks = 3 * MAX_BLOCK_BYTES;
  return FLOAT_BYTES * floats + largestPanelsBytes(dimensions) + blocks + BYTES_PER_TOKEN * nTokens;
}

/** The work of a calibration with `nTokens`. */
export function calibrationWork(dimensions: ModelDimensions, nTokens: number): CalibrationWork {
  const { dim, hiddenDim, nLayers } = dimensions;
  const matrices = matricesOf(dimensions);
  const weights = matrices.reduce((sum, { n }) => sum + n, 0);
  const twice = matrices.filter(({ kind }) => kind === 'w1' || kind === 'w3').reduce((sum, { n }) => sum + n, 0);
  const attention = chunkLength(dimensions) * dim;
  const inputs = [dim, dim, dim, hiddenDim];
  const ofTokens = weights + twice + attention + inputs.reduce((sum, n) => sum + lowerLength(n), 0);
  const factors = inputs.reduce((sum, n) => sum + n ** 3 / 6, 0);
  const feedback = matrices.reduce((sum, { n, columns }) => sum + (n * columns) / 2, 0);
  return {
    multiplyAdds: nLayers * (nTokens * ofTokens + factors + feedback),
    searchedWeights: nLayers * weights,
  };
}

/** Seconds that the work takes at a speed. */
export function calibrationSeconds(work: CalibrationWork, speed: CalibrationSpeed): number {
  const { multiplyAdds, searchedWeights } = work;
  return multiplyAdds / speed.multiplyAddsPerSecond + searchedWeights / speed.searchedWeightsPerSecond;
}

const MEASURED_SIZE = 512;
const MEASURED_GROUPS = 2000;

/** Measures how fast this machine calibrates, in some tenths of a second. @param now milliseconds */
export async function measureCalibration(
  kernels: Kernels,
  now: () => number = () => performance.now(),
): Promise<CalibrationSpeed> {
  const n = MEASURED_SIZE;
  const [out, x, values] = [0, 1, 2].map(() => kernels.allocate.float32(n * n)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  x.fill(0.5);
  values.fill(0.25);
  const multiply = async (times: number): Promise<number> => {
    const start = now();
    for (let i = 0; i < times; i++) kernels.linear([out], [{ dtype: 'F32', rows: n, cols: n, values }], x);
    await kernels.run();
    return now() - start;
  };
  await multiply(1);
  const times = 8;
  const milliseconds = Math.max(await multiply(times), Number.MIN_VALUE);
  const search = groupSearch(Array.from({ length: 16 }, (_, i) => i * 16 - 120));
  const size = 32;
  const columns = { feedback: new Float64Array(size * size).fill(0.01), pivots: new Float64Array(size).fill(1) };
  const weights = Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 101) / 101 - 0.5);
  const wanted = Float64Array.from(weights);
  const searchGroups = (): number => {
    const start = now();
    for (let i = 0; i < MEASURED_GROUPS; i++) search(wanted, weights, columns);
    return now() - start;
  };
  searchGroups();
  const searching = Math.max(searchGroups(), Number.MIN_VALUE);
  return {
    multiplyAddsPerSecond: (1000 * times * n ** 3) / milliseconds,
    searchedWeightsPerSecond: (1000 * MEASURED_GROUPS * size) / searching,
  };
}

function matricesOf(dimensions: ModelDimensions) {
  return layerMatrices.map((kind) => {
    const shape = tensorShape(kind, dimensions);
    const columns = columnsOf({ shape });
    return { kind, n: rowsOf({ shape }) * columns, columns };
  });
}
