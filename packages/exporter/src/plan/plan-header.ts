// The header of the file that an export writes, and which tensors of a quantized source go into it as they are.

import {
  type BinHeader,
  type BinTensor,
  type BinVersion,
  chooseGroupSize,
  layout,
  type ModelDimensions,
  PANEL_GROUP_SIZE,
} from '@llama-ts/format';
import { isSourceDtype } from '../checkpoint/tensor-names.js';
import type { ModelSource } from '../source/model-source.js';
import { isCarried } from '../weights/carried.js';
import { fitEncodings } from '../weights/fit-types.js';
import { planEncodings, type TypeRule } from '../weights/tensor-types.js';
import type { WeightRows } from '../weights/weight-rows.js';

/** Options that decide a header. */
export interface HeaderOptions {
  readonly output: string;
  readonly version?: BinVersion | undefined;
  readonly groupSize?: number | undefined;
  readonly types?: readonly TypeRule[] | undefined;
  /** Bytes that the file may have; v3. */
  readonly targetSize?: number | undefined;
  /** The text that layers are quantized by, where there is one. */
  readonly calibrate?: unknown;
}

/** What of the rest of the file, and of the source, decides a header. */
export interface HeaderFacts {
  /** Bytes of the trailer, where the file has a target size. Default 0. */
  readonly trailerBytes?: number;
  /** Rows of the source; default those of a source of floats. */
  readonly rows?: Pick<WeightRows, 'quantizationOf'> | undefined;
}

/**
 * The header of the file to write; in v3 without the codebooks that are chosen as it is written. A source whose matrices are all
 * Q8_0 of GGUF gives v2 with its groups, and one of blocks that v3 holds gives v3 with them, where no option says otherwise.
 */
export function planHeader(
  dimensions: ModelDimensions,
  options: HeaderOptions,
  { trailerBytes = 0, rows }: HeaderFacts = {},
): BinHeader {
  const { output, version = 1, groupSize, types, targetSize, calibrate } = options;
  const stored = rows === undefined ? [] : matricesOf(dimensions).map((tensor) => rows.quantizationOf(tensor));
  if (version === 3) {
    const byName = new Map(matricesOf(dimensions).map(({ name }, i) => [name, stored[i] ?? null]));
    // A calibration quantizes what it has seen the inputs of.
    const storedAs = (name: string) => (calibrate === undefined ? (byName.get(name) ?? null) : null);
    const encodings =
      targetSize === undefined
        ? planEncodings(dimensions, types, ({ name }) => storedAs(name))
        : fitEncodings(dimensions, types ?? [], { targetSize, trailerBytes, output });
    return { version, dimensions, groupSize: PANEL_GROUP_SIZE, encodings };
  }
  if (version !== 2) return { version, dimensions, groupSize: null };
  const isQ8 = stored.length > 0 && stored.every((encoding) => encoding?.id === 'Q8');
  const wanted = groupSize ?? (isQ8 ? PANEL_GROUP_SIZE : undefined);
  return { version, dimensions, groupSize: chooseGroupSize(dimensions, wanted) };
}

/** Quantized tensors of the file that a source does not store in that way. */
export function searchedTensors(header: BinHeader, { weights }: Pick<ModelSource, 'weights'>): readonly BinTensor[] {
  return layout(header).tensors.filter((tensor) => {
    return tensor.encoding.isQuantized && !isCarried(tensor.encoding, weights.quantizationOf(tensor));
  });
}

/** Warns of weights that are quantized a second time. */
export function requantizations(header: BinHeader, source: ModelSource): readonly string[] {
  const tensors = source.isQuantized ? searchedTensors(header, source) : [];
  if (tensors.length === 0) return [];
  const types = [...new Set(source.tensors.map(({ dtype }) => dtype))].filter((dtype) => !isSourceDtype(dtype));
  const which = tensors.length === 1 ? tensors[0]!.name : `${tensors.length} tensors`;
  const message = `${source.name}: is quantized already (${types.join(', ')}), and ${which} will be again`;
  return [`${message}; quantizing the unquantized model loses less`];
}

function matricesOf(dimensions: ModelDimensions): readonly BinTensor[] {
  const { tensors } = layout({ version: 1, dimensions, groupSize: null });
  return tensors.filter(({ shape }) => shape.length > 1);
}
