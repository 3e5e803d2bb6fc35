// llama doctor: which kernels run on this machine, and what the others lack.

import { isToolkitError } from '@llama-ts/format';
import { type BackendProbe, probeBackends } from '@llama-ts/kernels';
import { BaseCommand } from '../base-command.js';
import { visible } from '../terminal-safe.js';

/** One backend as `--json` reports it. */
interface BackendReport {
  readonly backend: string;
  readonly available: boolean;
  readonly reason: string | null;
  readonly suggestions: readonly string[];
}

export default class Doctor extends BaseCommand {
  static override description = 'Show which kernels run on this machine, and why the others do not';
  static override enableJsonFlag = true;

  override async run(): Promise<{ node: string; platform: string; backends: BackendReport[] }> {
    await this.parse(Doctor);
    const platform = `${process.platform}-${process.arch}`;
    const backends = (await probeBackends()).map(describeProbe);
    this.log(`Node ${process.versions.node} on ${platform}`);
    for (const line of backends.flatMap(backendLines)) this.log(visible(line));
    return { node: process.versions.node, platform, backends };
  }
}

function describeProbe({ backend, rejection }: BackendProbe): BackendReport {
  const suggestions = isToolkitError(rejection) ? rejection.suggestions : [];
  return { backend, available: rejection === null, reason: rejection?.message ?? null, suggestions };
}

function backendLines({ backend, available, reason, suggestions }: BackendReport): string[] {
  if (available) return [`${backend}: runs here`];
  return [`${backend}: not here: ${reason}`, ...suggestions.map((suggestion) => `  try: ${suggestion}`)];
}
