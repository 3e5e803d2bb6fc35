// The memory of a calibration that all layers use in turn, and how much it is.

import { type ModelDimensions, tensorShape } from '@llama-ts/format';
import type { Kernels } from '@llama-ts/kernels';
import { layerMatrices } from './layer-weights.js';
import { BLOCK, type LowerMatrix, lowerIn, lowerLength } from './lower-matrix.js';
import type { MomentBuffers } from './moments.js';
import { FEEDBACK_COLUMNS, type FeedbackBuffers } from './quantize-with-feedback.js';

/** Buffers for moments, factor and feedback. */
export interface Workspace extends MomentBuffers, FeedbackBuffers {
  /** (panels, BLOCK, BLOCK) */
  readonly tiles: Float32Array;
  /** Moments of `size` inputs, all zero. */
  momentsOf(size: number): LowerMatrix;
  /** Memory for their factor. */
  factorOf(size: number): LowerMatrix;
}

/** Values of each buffer of a workspace. */
export function workspaceLengths(dimensions: ModelDimensions, maxTokens: number) {
  const shapes = layerMatrices.map((kind) => tensorShape(kind, dimensions) as readonly [number, number]);
  const rows = Math.max(...shapes.map(([n]) => n));
  const columns = Math.max(...shapes.map(([, n]) => n));
  return {
    moments: lowerLength(columns),
    factor: lowerLength(columns),
    transposed: columns * maxTokens,
    products: columns * BLOCK,
    tiles: (columns + BLOCK) * BLOCK,
    wanted: Math.max(...shapes.map(([n, m]) => n * m)),
    errors: rows * BLOCK,
    coefficients: columns * BLOCK,
    corrections: FEEDBACK_COLUMNS * rows,
  };
}

/** Allocates it. @param maxTokens of a chunk */
export function createWorkspace(dimensions: ModelDimensions, maxTokens: number, { allocate }: Kernels): Workspace {
  const { moments, factor, ...others } = workspaceLengths(dimensions, maxTokens);
  const ofMoments = allocate.float32(moments);
  const ofFactor = allocate.float32(factor);
  const { transposed, products, tiles, wanted, errors, coefficients, corrections } = others;
  return {
    transposed: allocate.float32(transposed),
    products: allocate.float32(products),
    tiles: allocate.float32(tiles),
    wanted: allocate.float32(wanted),
    errors: allocate.float32(errors),
    coefficients: allocate.float32(coefficients),
    corrections: allocate.float32(corrections),
    momentsOf(size) {
      ofMoments.fill(0);
      return lowerIn(ofMoments, size);
    },
    factorOf: (size) => lowerIn(ofFactor, size),
  };
}
