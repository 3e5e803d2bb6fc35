// Where two blocks of stored weights differ, and how often, in groups or in single float32 values.

import { equalBytes } from '@llama-ts/base';

/** Differences of a tensor so far. */
export interface Differences {
  /** Groups that differ; single values in float32. */
  count: number;
  /** Index in the tensor of the first value that differs, or of the first value of its group where the scale does. */
  first: number | null;
}

/** Bit for bit: NaN equals itself, and zeros of either sign differ. */
export function addFloatDifferences(differences: Differences, a: Float32Array, b: Float32Array, start: number): void {
  if (equalBytes(a, b)) return;
  const [bitsOfA, bitsOfB] = [bitsOf(a), bitsOf(b)];
  for (let i = 0; i < bitsOfA.length; i++) {
    if (bitsOfA[i] === bitsOfB[i]) continue;
    differences.count++;
    differences.first ??= start + i;
  }
}

/** int8 values with the scales of their groups. */
interface Quantized {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/** @param isExempt whether differences in a group of that scale do not count */
export function addGroupDifferences(
  differences: Differences,
  a: Quantized,
  b: Quantized,
  groupSize: number,
  start: number,
  isExempt: (scale: number) => boolean = () => false,
): void {
  if (equalBytes(a.values, b.values) && equalBytes(a.scales, b.scales)) return;
  const [scalesOfA, scalesOfB] = [bitsOf(a.scales), bitsOf(b.scales)];
  for (let group = 0; group < scalesOfA.length; group++) {
    const offset = firstDifference(a.values, b.values, group * groupSize, groupSize);
    if (offset === null && scalesOfA[group] === scalesOfB[group]) continue;
    if (isExempt(a.scales[group]!)) continue;
    differences.count++;
    differences.first ??= start + (offset ?? group * groupSize);
  }
}

function firstDifference(a: Int8Array, b: Int8Array, start: number, length: number): number | null {
  for (let i = start; i < start + length; i++) if (a[i] !== b[i]) return i;
  return null;
}

function bitsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}
