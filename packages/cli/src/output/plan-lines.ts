// Writes the plan of an export as lines to read.

import { byteSize } from '@llama-ts/base';
import type { ConvertPlan, ExportPlan } from '@llama-ts/exporter';
import { labelledRow } from '../terminal/labelled-row.js';
import { visible } from '../terminal/terminal-safe.js';

const LABEL_WIDTH = 10;

/** Lines of at most `columns` columns, without control characters: names come from files and from the hub. */
export function planLines(plan: ExportPlan | ConvertPlan, columns: number): string[] {
  const row = (label: string, text: string): string => labelledRow(label, text, { labelWidth: LABEL_WIDTH, columns });
  const { source, commit, inputs, outputs, isExact, disks, fits } = plan;
  return [
    `${source}${commit === null ? '' : ` at ${commit}`}, to ${target(plan)}`,
    row('download', `${bytes(plan.downloadBytes)}`),
    row('read', `${bytes(plan.readBytes)} in ${inputs.length} ${inputs.length === 1 ? 'file' : 'files'}`),
    ...inputs.map(({ path, byteLength, cachedBytes }) => {
      const missing = byteLength - cachedBytes;
      return `  ${path}  ${byteSize(byteLength)}${missing > 0 ? `, ${byteSize(missing)} to download` : ''}`;
    }),
    row('write', `${isExact ? '' : 'at most '}${bytes(plan.outputBytes)}`),
    ...outputs.map(({ path, byteLength }) => `  ${path}  ${byteSize(byteLength)}`),
    ...calibrationRow(plan).map((text) => row('calibrate', text)),
    row('memory', `about ${byteSize(plan.peakMemoryBytes)} at most`),
    ...disks.map(({ folder, neededBytes, freeBytes }) =>
      row('disk', `${folder}: ${byteSize(neededBytes)} needed, ${byteSize(freeBytes)} free`),
    ),
    fits ? 'there is room for it; nothing was written' : 'there is NOT room for it; nothing was written',
  ].map(visible);
}

function calibrationRow(plan: ExportPlan | ConvertPlan): string[] {
  const calibration = 'calibration' in plan ? plan.calibration : undefined;
  if (calibration === undefined) return [];
  const { nTokens, isExact, seconds } = calibration;
  const tokens = `${isExact ? '' : 'at most '}${nTokens} tokens`;
  return [seconds === null ? tokens : `${tokens}, about ${duration(seconds)} on this machine as it is now`];
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return `${Math.round(seconds / 60)} minutes`;
}

function target(plan: ExportPlan | ConvertPlan): string {
  if ('to' in plan) return `${plan.to}, ${plan.type ?? 'the smallest type that loses nothing'}`;
  return `version ${plan.version}${plan.version === 2 ? `, group size ${plan.groupSize}` : ''}`;
}

function bytes(byteLength: number): string {
  return byteLength < 1000 ? byteSize(byteLength) : `${byteSize(byteLength)} (${byteLength} bytes)`;
}
