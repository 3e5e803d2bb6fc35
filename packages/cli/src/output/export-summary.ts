// The closing lines of an export or a quantization.

import { byteSize } from '@llama-ts/base';
import type { ExportResult } from '@llama-ts/exporter';
import { visible } from '../terminal/terminal-safe.js';

/** The highest error in the reference exporter's words, and what was written. */
export function exportSummary(result: ExportResult): string[] {
  const { output, version, groupSize, bitsPerWeight, byteLength, maxError, resumedTensors } = result;
  const bits = version === 3 ? `, ${bitsPerWeight.toFixed(2)} bits per weight` : '';
  const group = version === 2 ? `, group size ${groupSize}` : bits;
  return [
    ...(maxError === null ? [] : [`max quantization group error across all weights: ${maxError}`]),
    ...(resumedTensors === 0 ? [] : [`${resumedTensors} tensors were there from an earlier run, and are right`]),
    `wrote ${visible(output)}: v${version}${group}, ${byteSize(byteLength)}`,
  ];
}
