// Elements of a checkpoint become quantized weights, and the largest error of that is found.
import type { Kernels } from '../kernels.js';
import { largestMagnitude } from './largest-magnitude.js';
import { dequantize, quantize } from './quantize.js';
import { widen } from './widen.js';

/** Quantizes the elements of `source` in groups; largest (1) = the largest |weight − value * scale of its group|. */
export const quantizeWeights: Kernels['quantizeWeights'] = (values, scales, largest, source, dtype, groupSize) => {
  const groupBytes = source.length / scales.length;
  const weights = new Float32Array(groupSize);
  const stored = new Float32Array(groupSize);
  const errors = new Float32Array(groupSize);
  const largestOfGroups = new Float32Array(scales.length);
  for (let g = 0; g < scales.length; g++) {
    const group = values.subarray(g * groupSize, (g + 1) * groupSize);
    const scale = scales.subarray(g, g + 1);
    widen(weights, source.subarray(g * groupBytes, (g + 1) * groupBytes), dtype);
    quantize(group, scale, weights, groupSize);
    dequantize(stored, group, scale, groupSize);
    for (let i = 0; i < groupSize; i++) errors[i] = weights[i]! - stored[i]!;
    largestMagnitude(largestOfGroups.subarray(g, g + 1), errors);
  }
  largestMagnitude(largest, largestOfGroups);
};
