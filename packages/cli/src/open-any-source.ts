// Opens a source of any kind: a .bin file, a folder, a repository of the hub, or the bundled sample model by its name.

import { stat } from 'node:fs/promises';
import type { Checkpoint } from '@llama-ts/exporter';
import { type NamedSourceOptions, openNamedSource } from './open-named-source.js';

/** The path of a .bin file as it stands, or an open checkpoint, which the caller closes. */
export async function openAnySource(name: string, options: NamedSourceOptions): Promise<Checkpoint | string> {
  const found = await stat(name).catch(() => null);
  return found?.isFile() === true ? name : openNamedSource(name, options);
}
