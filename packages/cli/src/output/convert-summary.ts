// The closing lines of a conversion.

import { byteSize } from '@llama-ts/base';
import type { ConvertResult } from '@llama-ts/exporter';
import { visible } from '../terminal/terminal-safe.js';

/** The highest error of a quantization, and what was written. */
export function convertSummary({ output, to, type, groupSize, byteLength, maxError }: ConvertResult): string[] {
  const detail =
    (type === 'stored' ? 'tensors as they are stored' : type) ??
    (groupSize === null ? 'F32' : `group size ${groupSize}`);
  return [
    ...(maxError === null ? [] : [`max quantization group error across all weights: ${maxError}`]),
    `wrote ${visible(output)}: ${to}, ${detail}, ${byteSize(byteLength)}`,
  ];
}
