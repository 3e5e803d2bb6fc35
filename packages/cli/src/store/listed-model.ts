// A model of the store, as list, show and pull report it.

import { type Entry, modelPath, nameText } from './entries.js';
import type { StorePaths } from './store-folder.js';
import type { VariantName } from './variants.js';

/** One name of the store. */
export interface ListedModel {
  /** The name to type: `ORG/NAME:VARIANT`, with `@REVISION` where it is not main. */
  readonly name: string;
  readonly variant: VariantName;
  /** null for a model that was made from a folder or file. */
  readonly repo: string | null;
  readonly revision: string | null;
  readonly commit: string | null;
  /** Folder or file that it was made from; null for a repository. */
  readonly source: string | null;
  /** The model's file. */
  readonly path: string;
  readonly byteLength: number;
  /** When it was made, in ISO 8601. */
  readonly made: string;
}

export function listedModel(store: StorePaths, entry: Entry): ListedModel {
  const { source, variant, byteLength, made } = entry;
  const isRepository = source.kind === 'repository';
  return {
    name: nameText(entry),
    variant,
    repo: isRepository ? source.repo : null,
    revision: isRepository ? source.revision : null,
    commit: isRepository ? source.commit : null,
    source: isRepository ? null : source.path,
    path: modelPath(store, entry),
    byteLength,
    made,
  };
}
