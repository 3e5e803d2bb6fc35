// The closing lines of an export or a quantization.

import type { ExportResult } from '@llama-ts/exporter';
import { visible } from './terminal-safe.js';
import { byteSize } from './units.js';

/** The highest error in the reference exporter's words, and what was written. */
export function exportSummary(result: ExportResult): string[] {
  const { output, version, groupSize, byteLength, maxError, resumedTensors } = result;
  const group = groupSize === null ? '' : `, group size ${groupSize}`;
  return [
    ...(maxError === null ? [] : [`max quantization group error across all weights: ${maxError}`]),
    ...(resumedTensors === 0 ? [] : [`${resumedTensors} tensors were there from a run that was killed, and are right`]),
    `wrote ${visible(output)}: v${version}${group}, ${byteSize(byteLength)}`,
  ];
}
