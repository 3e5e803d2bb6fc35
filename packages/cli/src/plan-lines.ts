// Writes the plan of an export as lines to read.

import type { ExportPlan } from '@llama-ts/exporter';
import { visible } from './terminal-safe.js';
import { byteSize } from './units.js';

/** Lines without control characters: names come from files and from the hub. */
export function planLines(plan: ExportPlan): string[] {
  const { source, commit, inputs, outputs, isExact, disks, fits } = plan;
  const group = plan.groupSize === null ? '' : `, group size ${plan.groupSize}`;
  return [
    `${source}${commit === null ? '' : ` at ${commit}`}, to version ${plan.version}${group}`,
    row('download', `${bytes(plan.downloadBytes)}`),
    row('read', `${bytes(plan.readBytes)} in ${inputs.length} files`),
    ...inputs.map(({ path, byteLength, cachedBytes }) => {
      const missing = byteLength - cachedBytes;
      return `  ${path}  ${byteSize(byteLength)}${missing > 0 ? `, ${byteSize(missing)} to download` : ''}`;
    }),
    row('write', `${isExact ? '' : 'at most '}${bytes(plan.outputBytes)}`),
    ...outputs.map(({ path, byteLength }) => `  ${path}  ${byteSize(byteLength)}`),
    row('memory', `about ${byteSize(plan.peakMemoryBytes)} at most`),
    ...disks.map(({ folder, neededBytes, freeBytes }) =>
      row('disk', `${folder}: ${byteSize(neededBytes)} needed, ${byteSize(freeBytes)} free`),
    ),
    fits ? 'there is room for it; nothing was written' : 'there is NOT room for it; nothing was written',
  ].map(visible);
}

function row(name: string, text: string): string {
  return `${name.padEnd(10)}${text}`;
}

function bytes(byteLength: number): string {
  return byteLength < 1000 ? byteSize(byteLength) : `${byteSize(byteLength)} (${byteLength} bytes)`;
}
