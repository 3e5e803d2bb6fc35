// The flag that names LoRA adapters to merge, and the adapters that it names.

import { ToolkitError } from '@llama-ts/base';
import {
  ADAPTER_FILES,
  downloadedSnapshot,
  downloadSnapshot,
  type ModelSource,
  type OpenAdapterOptions,
  readSourceName,
  withAdapters,
} from '@llama-ts/exporter';
import { Flags } from '@oclif/core';
import { hubSettings } from '../environment/hub-settings.js';
import { showDownload } from '../progress/show-download.js';
import { type HubFlags, hubOptions } from '../sources/open-named-source.js';

export function loraFlag() {
  return Flags.string({
    description: 'merge this LoRA adapter of PEFT, a folder or a repository, times SCALE (default 1); may be repeated',
    multiple: true,
  });
}

/**
 * The source with the adapters merged into it, in their order; the source itself without any.
 *
 * @throws ToolkitError `USAGE` for a scale that is no number; what downloading and withAdapters throw
 */
export async function mergeLora(
  source: ModelSource,
  adapters: readonly string[] | undefined,
  hub: Omit<HubFlags, 'revision'>,
): Promise<ModelSource> {
  if (adapters === undefined || adapters.length === 0) return source;
  const options: OpenAdapterOptions[] = [];
  for (const text of adapters) options.push(await adapterOf(text, hub));
  return withAdapters(source, options);
}

async function adapterOf(text: string, hub: Omit<HubFlags, 'revision'>): Promise<OpenAdapterOptions> {
  const { signal } = hub;
  const at = text.lastIndexOf('=');
  const [name, scale] = at < 0 ? [text, 1] : [text.slice(0, at), Number(text.slice(at + 1))];
  if (!Number.isFinite(scale) || scale === 0 || text.endsWith('=')) {
    throw new ToolkitError(
      'USAGE',
      `--lora ${text}: the scale is ${text.slice(at + 1)}, expected a number other than 0`,
      {
        suggestions: ['leave the scale out, or write a number such as 0.5'],
      },
    );
  }
  const found = await readSourceName(name, hubSettings());
  if (found.kind !== 'repository') return { folder: name, scale, signal };
  const revision = found.revision ?? undefined;
  const include = (path: string): boolean => ADAPTER_FILES.includes(path);
  const events = downloadSnapshot({ repo: found.repo, include, ...(await hubOptions({ ...hub, revision })) });
  const { folder, source } = downloadedSnapshot(await showDownload(events, hub.note));
  return { folder, name: source, scale, signal };
}
