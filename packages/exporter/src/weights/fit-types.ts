// Chooses which tensors of a v3 file take 8 bits, so that the file has at most a given size.

import { byteSize, ToolkitError } from '@llama-ts/base';
import {
  type BinTensor,
  layout,
  type ModelDimensions,
  PANEL_GROUP_SIZE,
  type TensorKind,
  type WeightEncoding,
} from '@llama-ts/format';
import { planEncodings, type TypeRule } from './tensor-types.js';

/**
 * Kinds of tensors by what 4 bits in one of their weights cost a prediction, most first. Measured, with the other kinds in 8 bits:
 * docs/decisions/2026-11-30-calibration.md. A shared table is the classifier too.
 */
const bySensitivity: readonly TensorKind[] = ['classifier', 'embedding', 'wk', 'wq', 'wv', 'w2', 'wo', 'w1', 'w3'];

/** A size to keep to. */
export interface SizeTarget {
  /** Bytes of the whole file at most. */
  readonly targetSize: number;
  /** Bytes of the trailer. */
  readonly trailerBytes: number;
  /** Name of the file in messages. */
  readonly output: string;
}

/**
 * The encodings of a v3 file of at most `targetSize` bytes. Every tensor has 4 bits at first; then the tensors get 8 bits, the most sensitive
 * kind first and of a kind the first layer first, each that still fits. Tensors that rules name keep what the last of them says.
 *
 * @throws ToolkitError `TARGET_SIZE` where the smallest file is larger; as planEncodings does
 */
export function fitEncodings(
  dimensions: ModelDimensions,
  rules: readonly TypeRule[],
  { targetSize, trailerBytes, output }: SizeTarget,
): readonly WeightEncoding[] {
  const smallest = planEncodings(dimensions, [{ pattern: '*', type: 'q4' }, ...rules]);
  const largest = planEncodings(dimensions, [{ pattern: '*', type: 'q8' }, ...rules]);
  const sizeOf = (encodings: readonly WeightEncoding[]): number =>
    trailerBytes + layout({ version: 3, dimensions, groupSize: PANEL_GROUP_SIZE, encodings }).weightsEnd;
  if (sizeOf(smallest) > targetSize) throw tooSmall(output, targetSize, sizeOf(smallest), sizeOf(largest));
  const chosen = [...smallest];
  const { tensors } = layout({ version: 3, dimensions, groupSize: PANEL_GROUP_SIZE, encodings: largest });
  for (const index of matricesInOrder(tensors)) {
    const before = chosen[index]!;
    chosen[index] = largest[index]!;
    if (sizeOf(chosen) > targetSize) chosen[index] = before;
  }
  return chosen;
}

/** Indices of the matrices, the most sensitive kind first. */
function matricesInOrder(tensors: readonly BinTensor[]): readonly number[] {
  const rankOf = ({ kind }: BinTensor): number => bySensitivity.indexOf(kind);
  return tensors
    .map((_, index) => index)
    .filter((index) => tensors[index]!.shape.length > 1)
    .sort((a, b) => rankOf(tensors[a]!) - rankOf(tensors[b]!) || a - b);
}

function tooSmall(output: string, found: number, smallest: number, largest: number): ToolkitError {
  const sizes = `${smallest} bytes (${byteSize(smallest)}), in 4 bits, to ${largest} (${byteSize(largest)}), in 8`;
  return new ToolkitError('TARGET_SIZE', `${output}: target size ${found}, expected ${sizes}`, {
    suggestions: [`write the smallest: --target-size ${smallest}`],
  });
}
