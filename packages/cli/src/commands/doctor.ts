// llama doctor: which kernels run on this machine and what they chose for its CPU, and what the others lack.

import { isToolkitError } from '@llama-ts/base';
import { type BackendProbe, type ChosenTuning, type ChosenWasmModule, probeBackends } from '@llama-ts/kernels';
import { BaseCommand } from '../base-command.js';
import {
  moduleReason,
  moduleText,
  tuningOfEnvironment,
  tuningReasons,
  tuningText,
} from '../environment/tuning-of-environment.js';
import { labelledRow } from '../terminal/labelled-row.js';
import { visible } from '../terminal/terminal-safe.js';
import { wrapAdvice } from '../terminal/wrap-command.js';

const LABEL_WIDTH = 10;

/** One backend as `--json` reports it. */
interface BackendReport {
  readonly backend: string;
  readonly available: boolean;
  readonly reason: string | null;
  readonly suggestions: readonly string[];
  /** What it chooses for this CPU; null if it does not run here or has nothing to choose. */
  readonly tuning: ChosenTuning | null;
  /** The module of WebAssembly, and why it was chosen. */
  readonly wasmModule: ChosenWasmModule | null;
}

export default class Doctor extends BaseCommand {
  static override description = 'Show which kernels run on this machine, and why the others do not';
  static override enableJsonFlag = true;

  override async run(): Promise<{ node: string; platform: string; backends: BackendReport[] }> {
    await this.parse(Doctor);
    const platform = `${process.platform}-${process.arch}`;
    const backends = (await probeBackends(tuningOfEnvironment())).map(describeProbe);
    this.log(`Node ${process.versions.node} on ${platform}`);
    for (const line of backends.flatMap((backend) => backendLines(backend, this.columns))) this.log(visible(line));
    return { node: process.versions.node, platform, backends };
  }
}

function describeProbe({ backend, rejection, tuning, wasmModule }: BackendProbe): BackendReport {
  // What a command with --backend could do instead is nothing to do here.
  const suggestions = isToolkitError(rejection)
    ? rejection.suggestions.filter((text) => !text.includes('--backend'))
    : [];
  return {
    backend,
    available: rejection === null,
    reason: rejection?.message ?? null,
    suggestions,
    tuning,
    wasmModule,
  };
}

function backendLines(report: BackendReport, columns: number): string[] {
  const { backend, available, reason, suggestions } = report;
  if (!available) {
    return [`${backend}: not here: ${reason}`, ...suggestions.map((text) => wrapAdvice(`try: ${text}`, columns, '  '))];
  }
  const rows = choicesOf(report).map(([label, text]) =>
    labelledRow(label, text, { indent: '  ', labelWidth: LABEL_WIDTH, columns }),
  );
  return [`${backend}: runs here`, ...rows];
}

function choicesOf({ tuning, wasmModule }: BackendReport): readonly (readonly [label: string, text: string])[] {
  const rows = (choices: string, by: string) => [['choices', choices] as const, ['chosen by', by] as const];
  if (tuning !== null) return rows(tuningText(tuning), tuningReasons(tuning));
  if (wasmModule !== null) return rows(moduleText(wasmModule), moduleReason(wasmModule));
  return [];
}
