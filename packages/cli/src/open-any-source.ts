// Opens a source of any kind: a .bin file, a folder, a repository of the hub, or the bundled sample model by its name.

import { stat } from 'node:fs/promises';
import type { Checkpoint } from '@llama-ts/exporter';
import { sampleModelName } from '@llama-ts/sample-model';
import { type NamedSourceOptions, openNamedSource, openSampleModel } from './open-named-source.js';

/** The path of a file as it stands, or an open checkpoint, which the caller closes. */
export async function openAnySource(name: string, options: NamedSourceOptions): Promise<Checkpoint | string> {
  const found = await stat(name).catch(() => null);
  if (found?.isFile() === true) return name;
  if (found === null && name === sampleModelName) return openSampleModel(options.signal);
  return openNamedSource(name, options);
}
