// The closing lines of an export or a quantization.

import type { ExportResult } from '@llama-ts/exporter';
import { visible } from './terminal-safe.js';
import { byteSize } from './units.js';

/** The highest error in the reference exporter's words, and what was written. */
export function exportSummary({ output, version, groupSize, byteLength, maxError }: ExportResult): string[] {
  const group = groupSize === null ? '' : `, group size ${groupSize}`;
  const written = `wrote ${visible(output)}: v${version}${group}, ${byteSize(byteLength)}`;
  return maxError === null ? [written] : [`max quantization group error across all weights: ${maxError}`, written];
}
