// The checks that every backend makes before it queues a call: lengths and indices, so that kernels may trust them.
import { expectGroupSize, expectLength, expectMultiple, invalid } from './expect.js';
import {
  type Kernels,
  type KeyValueCache,
  type Matrix,
  type RopeTable,
  type Segment,
  type SourceDtype,
  sourceDtypeBytes,
} from './kernels.js';
import { checkMatrix, describeMatrix, haveSameActivations } from './weight-encodings.js';

/** Indices that a call reads from an array. A replay checks them again, since the array may have new contents. */
export interface Indices {
  readonly name: string;
  readonly values: Int32Array;
  /** Each index is 0 to below - 1. */
  readonly below: number;
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkIndices({ name, values, below }: Indices): void {
  if (values.length === 0) throw invalid(`${name} is empty, expected one or more`);
  for (let i = 0; i < values.length; i++) {
    const index = values[i]!;
    if (index < 0 || index >= below) throw invalid(`${name}[${i}] is ${index}, expected 0 to ${below - 1}`);
  }
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkEmbed(out: Float32Array, table: Matrix, tokens: Int32Array): Indices {
  checkMatrix('embed: table', table);
  const indices = checked('embed: tokens', tokens, table.rows);
  expectLength('embed: out', out.length, tokens.length * table.cols);
  return indices;
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkRmsNorm(out: Float32Array, x: Float32Array, weight: Float32Array, epsilon: number): void {
  expectMultiple('rmsNorm: x', x.length, weight.length);
  expectLength('rmsNorm: out', out.length, x.length);
  if (!(epsilon >= 0 && epsilon < 1)) throw invalid(`rmsNorm: epsilon is ${epsilon}, expected 0 to 1`);
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkLinear(outputs: readonly Float32Array[], weights: readonly Matrix[], x: Float32Array): void {
  const first = weights[0];
  if (first === undefined) throw invalid('linear: no weights, expected one or more');
  expectLength('linear: outputs', outputs.length, weights.length);
  expectMultiple('linear: x', x.length, first.cols);
  const n = x.length / first.cols;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    checkMatrix(`linear: weights[${i}]`, weight);
    if (!haveSameActivations(weight, first)) {
      throw invalid(
        `linear: weights[${i}] is ${describeMatrix(weight)}, expected ${describeMatrix(first)} as weights[0]`,
      );
    }
    expectLength(`linear: outputs[${i}]`, outputs[i]!.length, n * weight.rows);
  }
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkRope(x: Float32Array, table: RopeTable, positions: Int32Array, headDim: number): Indices {
  if (!(Number.isInteger(headDim) && headDim > 0 && headDim % 2 === 0)) {
    throw invalid(`rope: headDim is ${headDim}, expected an even number above 0`);
  }
  expectLength('rope: table.sin', table.sin.length, table.cos.length);
  expectMultiple('rope: table.cos', table.cos.length, headDim / 2);
  const indices = checked('rope: positions', positions, table.cos.length / (headDim / 2));
  expectMultiple('rope: x', x.length, positions.length * headDim);
  return indices;
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkStore(layer: number, key: Float32Array, value: Float32Array, segments: readonly Segment[]): void {
  const { nRows, cache } = checkSegments('store', layer, segments);
  expectLength('store: key', key.length, nRows * cache.nKvHeads * cache.headDim);
  expectLength('store: value', value.length, key.length);
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkAttention(out: Float32Array, q: Float32Array, layer: number, segments: readonly Segment[]): void {
  const { nRows, cache } = checkSegments('attention', layer, segments);
  expectMultiple('attention: q', q.length, nRows * cache.nKvHeads * cache.headDim);
  expectLength('attention: out', out.length, q.length);
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkSameLength(call: 'swiGlu' | 'add', first: Float32Array, second: Float32Array): void {
  expectLength(call === 'swiGlu' ? 'swiGlu: up' : 'add: y', second.length, first.length);
}

export function checkLargestMagnitude(out: Float32Array): void {
  expectLength('largestMagnitude: out', out.length, 1);
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkGroupMaxima(maxima: Uint16Array, inexact: Int32Array, scales: Float32Array): void {
  expectLength('groupMaxima: maxima', maxima.length, scales.length);
  expectLength('groupMaxima: inexact', inexact.length, 1);
}

export function checkXorAll(out: Int32Array): void {
  expectLength('xorAll: out', out.length, 1);
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkGather(out: Float32Array, x: Float32Array, rows: Int32Array, cols: number): Indices {
  expectMultiple('gather: x', x.length, cols);
  const indices = checked('gather: rows', rows, x.length / cols);
  expectLength('gather: out', out.length, rows.length * cols);
  return indices;
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkSoftmax(out: Float32Array, logits: Float32Array, cols: number, temperature: number): void {
  expectMultiple('softmax: logits', logits.length, cols);
  expectLength('softmax: out', out.length, logits.length);
  const rounded = Math.fround(temperature);
  if (!(rounded > 0 && rounded < Infinity)) {
    throw invalid(`softmax: temperature is ${temperature}, expected a finite float32 above 0`);
  }
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function checkWiden(out: Float32Array, source: Uint8Array, dtype: SourceDtype): void {
  expectElements('widen', source, out.length, dtype);
}

/** `x` is the input of `quantize` and the output of `dequantize`. @throws ToolkitError `INVALID_ARGUMENT` */
export function checkQuantize(
  call: 'quantize' | 'dequantize',
  values: Int8Array,
  scales: Float32Array,
  x: Float32Array,
  groupSize: number,
): void {
  expectGroups(call, values, scales, groupSize);
  expectLength(call === 'dequantize' ? 'dequantize: out' : `${call}: x`, x.length, values.length);
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export const checkQuantizeWeights: Kernels['quantizeWeights'] = (values, scales, largest, source, dtype, groupSize) => {
  expectGroups('quantizeWeights', values, scales, groupSize);
  expectLength('quantizeWeights: largest', largest.length, 1);
  expectElements('quantizeWeights', source, values.length, dtype);
};

export const checkQuantizePanels: Kernels['quantizePanels'] = (matrix, largest, source, dtype) => {
  checkMatrix('quantizePanels: matrix', matrix);
  expectLength('quantizePanels: largest', largest.length, 1);
  expectElements('quantizePanels', source, matrix.rows * matrix.cols, dtype);
  if (matrix.dtype === 'Q8') return;
  const { codebook } = matrix;
  if (codebook.some((entry, i) => i > 0 && entry < codebook[i - 1]!)) {
    throw invalid(`quantizePanels: codebook ${codebook.join(' ')}, expected ascending entries`);
  }
};

/** @throws ToolkitError `INVALID_ARGUMENT` if a range lies outside of a file of weights */
export function checkWeightRange(path: string, byteOffset: number, byteLength: number, fileByteLength: number): void {
  const end = byteOffset + byteLength;
  if (!(Number.isSafeInteger(byteOffset) && Number.isSafeInteger(byteLength) && byteOffset >= 0 && byteLength >= 0)) {
    throw invalid(`${path}: ${byteLength} bytes from ${byteOffset}, expected whole numbers of 0 or more`);
  }
  if (end > fileByteLength) {
    throw invalid(`${path}: bytes ${byteOffset} to ${end} asked for, expected at most ${fileByteLength}`);
  }
}

/**
 * Checks that the segments cover every row of a batch once, and that their caches differ in nothing but the sequence length.
 *
 * @throws ToolkitError `INVALID_ARGUMENT`
 */
export function checkSegments(call: string, layer: number, segments: readonly Segment[]) {
  const cache = segments[0]?.cache;
  if (cache === undefined) throw invalid(`${call}: no segments, expected one or more`);
  let nRows = 0;
  for (const segment of segments) {
    if (segment.row !== nRows || !(Number.isInteger(segment.nRows) && segment.nRows > 0)) {
      throw invalid(`${call}: a segment of ${segment.nRows} rows at row ${segment.row}, expected the next at ${nRows}`);
    }
    nRows += segment.nRows;
    checkCache(call, segment.cache, cache);
    const { position } = segment;
    if (!(Number.isInteger(position) && position >= 0 && position + segment.nRows <= segment.cache.seqLen)) {
      const { seqLen } = segment.cache;
      throw invalid(`${call}: ${segment.nRows} rows at position ${position}, expected room within ${seqLen} positions`);
    }
  }
  if (!(Number.isInteger(layer) && layer >= 0 && layer < cache.nLayers)) {
    throw invalid(`${call}: layer ${layer}, expected 0 to ${cache.nLayers - 1}`);
  }
  return { nRows, cache };
}

function checkCache(call: string, cache: KeyValueCache, first: KeyValueCache): void {
  const { nLayers, nKvHeads, seqLen, headDim } = cache;
  if (nLayers !== first.nLayers || nKvHeads !== first.nKvHeads || headDim !== first.headDim) {
    throw invalid(
      `${call}: a cache of (${nLayers}, ${nKvHeads}, …, ${headDim}), ` +
        `expected (${first.nLayers}, ${first.nKvHeads}, …, ${first.headDim}) as the first`,
    );
  }
  expectLength(`${call}: cache.keys`, cache.keys.length, nLayers * nKvHeads * seqLen * headDim);
  expectLength(`${call}: cache.values`, cache.values.length, cache.keys.length);
}

function expectGroups(call: string, values: Int8Array, scales: Float32Array, groupSize: number): void {
  expectGroupSize(call, groupSize);
  expectMultiple(`${call}: values`, values.length, groupSize);
  expectLength(`${call}: scales`, scales.length, values.length / groupSize);
}

/** Checks that `source` holds `n` elements of `dtype`. */
function expectElements(call: string, source: Uint8Array, n: number, dtype: SourceDtype): void {
  const bytes = sourceDtypeBytes[dtype];
  if (bytes === undefined) throw invalid(`${call}: dtype is ${dtype}, expected F32, F16 or BF16`);
  expectLength(`${call}: source`, source.length, n * bytes);
}

function checked(name: string, values: Int32Array, below: number): Indices {
  const indices = { name, values, below };
  checkIndices(indices);
  return indices;
}
