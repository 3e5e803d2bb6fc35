// Weights of a checkpoint become panels: 8-bit values by the largest magnitude, 4-bit ones by a search for the scale.
import type { Kernels, SourceDtype } from '../kernels.js';
import { PANEL_GROUP_SIZE } from '../panels.js';
import { floatToHalf, halfToFloat } from './half.js';
import { widen } from './widen.js';
import { writePanelGroup } from './write-panel-group.js';

/** Candidates: an end of the codebook times (127 + 4 t) / 127 is where the largest weight goes, t from -5 to 5. */
const STEPS = [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5];
const STEP = 4;
const MAX_VALUE = 127;
/** In 4 bits, a group without a weight of this size is stored as zeros: half of the smallest scale. */
const SMALLEST = 2 ** -25;
/** So is one with a weight of this size: it is beyond what the scales can hold. */
const BEYOND = 2 ** 23;
// Adding and subtracting 1.5 * 2^52 rounds a float64 to an integer, half to even.
const ROUNDER = 6755399441055744;

const f = Math.fround;

/** One group as it is stored. */
interface QuantizedGroup {
  /** float16 bits */
  scale: number;
  /** (32) int8 values, or indices into the codebook */
  readonly values: Int8Array;
}

/** Quantizes the elements of `source` into the panels of `matrix`; largest (1) = the largest |weight − stored weight|. */
export const quantizePanels: Kernels['quantizePanels'] = (matrix, largest, source, dtype) => {
  const { rows, cols, panels } = matrix;
  const weights = new Float32Array(PANEL_GROUP_SIZE);
  const group: QuantizedGroup = { scale: 0, values: new Int8Array(PANEL_GROUP_SIZE) };
  const quantize = matrix.dtype === 'Q8' ? quantizeQ8 : q4Quantizer(matrix.codebook);
  const entry = (value: number): number => (matrix.dtype === 'Q8' ? value : matrix.codebook[value]!);
  panels.fill(0);
  let most = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < cols; column += PANEL_GROUP_SIZE) {
      widen(weights, elements(source, dtype, row * cols + column), dtype);
      quantize(group, weights);
      writePanelGroup(matrix, row, column / PANEL_GROUP_SIZE, group.scale, group.values);
      const scale = halfToFloat[group.scale]!;
      for (let i = 0; i < PANEL_GROUP_SIZE; i++) {
        const error = Math.abs(f(weights[i]! - f(entry(group.values[i]!) * scale)));
        if (!Number.isFinite(weights[i])) most = Number.NaN;
        if (error > most) most = error;
      }
    }
  }
  largest[0] = most;
};

function elements(source: Uint8Array, dtype: SourceDtype, first: number): Uint8Array {
  const size = dtype === 'F32' ? 4 : 2;
  return source.subarray(first * size, (first + PANEL_GROUP_SIZE) * size);
}

function quantizeQ8(group: QuantizedGroup, weights: Float32Array): void {
  group.values.fill(0);
  group.scale = 0;
  const largest = Math.abs(largestWeight(weights));
  if (!Number.isFinite(largest)) return;
  group.scale = floatToHalf(f(largest / MAX_VALUE));
  const scale = halfToFloat[group.scale]!;
  if (scale === 0) return;
  for (let i = 0; i < PANEL_GROUP_SIZE; i++) {
    const q = f(weights[i]! / scale) + ROUNDER - ROUNDER;
    group.values[i] = Math.max(-MAX_VALUE, Math.min(MAX_VALUE, q));
  }
}

/** The quantizer for a codebook: 16 entries, ascending. */
function q4Quantizer(codebook: Int8Array): typeof quantizeQ8 {
  const thresholds = Float64Array.from({ length: 15 }, (_, k) => (codebook[k]! + codebook[k + 1]!) / 2);
  const places = STEPS.flatMap((t) => [codebook[0]!, codebook[15]!].map((end) => placeOf(end, t)));
  /** The nearest entry, the lower one of two that are as near. */
  const nearest = (x: number): number => {
    let index = 0;
    for (let step = 8; step > 0; step >>= 1) if (x > thresholds[index + step - 1]!) index += step;
    return index;
  };
  const chooseIndices = (indices: Int8Array, weights: Float32Array, scale: number): void => {
    const inverse = scale === 0 ? 0 : f(1 / scale);
    for (let i = 0; i < PANEL_GROUP_SIZE; i++) indices[i] = nearest(f(weights[i]! * inverse));
  };
  return (group, weights) => {
    group.scale = floatToHalf(bestScale(weights, codebook, places, chooseIndices, group.values));
    chooseIndices(group.values, weights, halfToFloat[group.scale]!);
  };
}

function placeOf(end: number, t: number): number {
  return f((end * (MAX_VALUE + STEP * t)) / MAX_VALUE);
}

/** @param indices (32) scratch */
function bestScale(
  weights: Float32Array,
  codebook: Int8Array,
  places: readonly number[],
  chooseIndices: (indices: Int8Array, weights: Float32Array, scale: number) => void,
  indices: Int8Array,
): number {
  const largest = largestWeight(weights);
  if (!(Math.abs(largest) >= SMALLEST && Math.abs(largest) < BEYOND)) return 0;
  let squares = 0;
  for (const weight of weights) squares = f(squares + f(weight * weight));
  let best = 0;
  let scale = 0;
  for (const place of places) {
    if (place === 0) continue;
    chooseIndices(indices, weights, f(largest / place));
    let products = 0;
    let entries = 0;
    for (let i = 0; i < PANEL_GROUP_SIZE; i++) {
      const entry = codebook[indices[i]!]!;
      products = f(products + f(entry * weights[i]!));
      entries += entry * entry;
    }
    const explained = f(f(products * products) / entries);
    if (!(explained > best)) continue;
    best = explained;
    scale = f(squares / products);
  }
  return scale;
}

/** The first weight of the largest magnitude; NaN or an infinity if there is one. */
function largestWeight(weights: Float32Array): number {
  const bits = new Uint32Array(weights.buffer, weights.byteOffset, weights.length);
  let at = 0;
  for (let i = 1; i < bits.length; i++) if ((bits[i]! & 0x7fffffff) > (bits[at]! & 0x7fffffff)) at = i;
  return weights[at]!;
}
