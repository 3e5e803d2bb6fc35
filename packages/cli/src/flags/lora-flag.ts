// The flag that names LoRA adapters to merge, and the adapters that it names.

import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
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
import { retyped } from '../failure/retyped.js';
import { showDownload } from '../progress/show-download.js';
import { nearFiles, nearSuggestions } from '../sources/near-files.js';
import { type HubFlags, hubOptions } from '../sources/open-named-source.js';
import { numberOf } from './number-flags.js';

export function loraFlag() {
  return Flags.string({
    description: 'merge this LoRA adapter of PEFT, a folder or a repository, times SCALE (default 1); may be repeated',
    multiple: true,
    multipleNonGreedy: true,
  });
}

/**
 * The source with the adapters merged into it, in their order; the source itself without any.
 *
 * @throws ToolkitError `USAGE` for a scale that is no number, `SOURCE_NOT_FOUND`, `NOT_A_CHECKPOINT`; what downloading and withAdapters throw
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
  const { name, scale } = await scaledName(text);
  const found = await readSourceName(name, hubSettings());
  if (found.kind === 'file') throw notAFolder(text, name);
  if (found.kind === 'missing' || found.kind === 'ollama') throw await noAdapter(text, name);
  if (found.kind !== 'repository') return { folder: name, scale, signal };
  const revision = found.revision ?? undefined;
  const include = (path: string): boolean => ADAPTER_FILES.includes(path);
  const events = downloadSnapshot({ repo: found.repo, include, ...(await hubOptions({ ...hub, revision })) });
  const { folder, source } = downloadedSnapshot(await showDownload(events, hub.note));
  return { folder, name: source, scale, signal };
}

/** Name and scale of `NAME=SCALE`; a path that is there is a name, whatever it holds. @throws ToolkitError `USAGE` */
async function scaledName(text: string): Promise<{ readonly name: string; readonly scale: number }> {
  const at = text.lastIndexOf('=');
  if (at < 0 || (await stat(text).catch(() => null)) !== null) return { name: text, scale: 1 };
  const scale = numberOf(text.slice(at + 1));
  if (Number.isFinite(scale) && scale !== 0) return { name: text.slice(0, at), scale };
  throw new ToolkitError(
    'USAGE',
    `--lora ${text}: the scale is ${text.slice(at + 1)}, expected a number other than 0`,
    {
      suggestions: ['leave the scale out, or write a number such as 0.5'],
    },
  );
}

function notAFolder(text: string, name: string): ToolkitError {
  const folder = dirname(name);
  return new ToolkitError('NOT_A_CHECKPOINT', `--lora ${text}: is a file, expected the folder of an adapter`, {
    // The flag was typed, so the command has it.
    suggestions: [retyped(text, folder + text.slice(name.length))!],
  });
}

async function noAdapter(text: string, name: string): Promise<ToolkitError> {
  const near = (await nearFiles(name)).map((path) => retyped(text, path + text.slice(name.length))!);
  return new ToolkitError('SOURCE_NOT_FOUND', `--lora ${text}: no such folder, and no id like owner/name`, {
    suggestions: near.length > 0 ? near : await nearSuggestions(name),
  });
}
