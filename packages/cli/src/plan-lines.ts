// Writes the plan of an export as lines to read.

import type { ConvertPlan, ExportPlan } from '@llama-ts/exporter';
import { visible } from './terminal-safe.js';
import { byteSize } from './units.js';

/** Lines without control characters: names come from files and from the hub. */
export function planLines(plan: ExportPlan | ConvertPlan): string[] {
  const { source, commit, inputs, outputs, isExact, disks, fits } = plan;
  return [
    `${source}${commit === null ? '' : ` at ${commit}`}, to ${target(plan)}`,
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

function target(plan: ExportPlan | ConvertPlan): string {
  if ('to' in plan) return `${plan.to}, ${plan.type ?? 'the smallest type that loses nothing'}`;
  return `version ${plan.version}${plan.groupSize === null ? '' : `, group size ${plan.groupSize}`}`;
}

function row(name: string, text: string): string {
  return `${name.padEnd(10)}${text}`;
}

function bytes(byteLength: number): string {
  return byteLength < 1000 ? byteSize(byteLength) : `${byteSize(byteLength)} (${byteLength} bytes)`;
}
