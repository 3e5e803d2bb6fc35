// Lengths and sizes that calls check, and the error of a check that fails.

import { ToolkitError } from '@llama-ts/base';
/** Integer dot products of longer groups would not be exact in float32. */
export const MAX_GROUP_SIZE = 1024;

export function invalid(message: string): ToolkitError {
  return new ToolkitError('INVALID_ARGUMENT', message);
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function expectLength(name: string, found: number, expected: number): void {
  if (found !== expected) throw invalid(`${name} has length ${found}, expected ${expected}`);
}

/** @throws ToolkitError `INVALID_ARGUMENT` unless `found` is above 0 and a multiple of `of` */
export function expectMultiple(name: string, found: number, of: number): void {
  if (!(found > 0 && of > 0 && found % of === 0)) throw invalid(`${name} is ${found}, expected a multiple of ${of}`);
}

/** @throws ToolkitError `INVALID_ARGUMENT` */
export function expectGroupSize(name: string, groupSize: number): void {
  if (!(Number.isInteger(groupSize) && groupSize > 0 && groupSize <= MAX_GROUP_SIZE)) {
    throw invalid(`${name}: group size ${groupSize}, expected 1 to ${MAX_GROUP_SIZE}`);
  }
}
