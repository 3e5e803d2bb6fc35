// Compares a file's dimensions with its source's.

import type { ModelSource } from '@llama-ts/exporter';
import type { BinHeader, ModelDimensions } from '@llama-ts/format';
import type { Finding } from './verify-result.js';

/** One finding for each dimension that differs. */
export function compareDimensions(path: string, { dimensions }: BinHeader, source: ModelSource): Finding[] {
  const fields = Object.keys(dimensions) as (keyof ModelDimensions)[];
  return fields
    .filter((field) => dimensions[field] !== source.dimensions[field])
    .map((field) => ({
      part: 'header',
      tensor: null,
      code: 'DIFFERENT_MODELS',
      message: `${path}: header says ${field} ${dimensions[field]}, expected ${source.dimensions[field]} as in ${source.name}`,
      position: null,
    }));
}
