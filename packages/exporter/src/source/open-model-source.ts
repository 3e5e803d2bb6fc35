// Opens what a name means as the source of a model. A new kind of source is one more opener in the list here.

import { binOpener } from './bin-source.js';
import { folderOpener } from './folder-source.js';
import { ggufOpener } from './gguf-source.js';
import { hubOpener } from './hub-source.js';
import type { ModelSource } from './model-source.js';
import { readSourceName } from './read-source-name.js';
import type { OpenSourceOptions, SourceOpener } from './source-opener.js';
import { refuseSource } from './source-refusal.js';
import { pytorchOpener } from './training-source.js';

/** Openers of every kind of source. A name is offered to them in this order; the last takes every file. */
export const sourceOpeners = {
  folder: folderOpener,
  hub: hubOpener,
  gguf: ggufOpener,
  pytorch: pytorchOpener,
  bin: binOpener,
} as const;

/** Options of {@link openModelSource}. */
export interface OpenModelSourceOptions extends OpenSourceOptions {
  /** Kinds of source that are expected; default all. */
  readonly openers?: readonly SourceOpener[];
}

/**
 * Opens a source.
 *
 * @param name path of a .bin file, of a GGUF file, of a checkpoint's folder, also of a repository's folder in a hub cache, or of Meta's or
 *   llama2.c's files; with `download`, a repository's id or an address of its pages
 * @throws ToolkitError `SOURCE_NOT_FOUND` for a name that is no source, and what opening it and `download` throw
 * @example
 * const source = await openModelSource('model.bin');
 */
export async function openModelSource(name: string, options: OpenModelSourceOptions = {}): Promise<ModelSource> {
  const { openers = Object.values(sourceOpeners), endpoint, signal } = options;
  signal?.throwIfAborted();
  const found = await readSourceName(name, { endpoint });
  for (const open of openers) {
    const source = await open(found, options);
    if (source !== null) return source;
  }
  throw await refuseSource(name, found);
}

/**
 * Works with a source: one that is open stays open, and a name is opened for the work alone.
 *
 * @throws ToolkitError what openModelSource and the work throw
 */
export async function* withModelSource<E, R>(
  source: ModelSource | string,
  signal: AbortSignal | undefined,
  work: (source: ModelSource) => AsyncGenerator<E, R>,
): AsyncGenerator<E, R> {
  if (typeof source !== 'string') return yield* work(source);
  const opened = await openModelSource(source, { signal });
  try {
    return yield* work(opened);
  } finally {
    await opened.close();
  }
}
