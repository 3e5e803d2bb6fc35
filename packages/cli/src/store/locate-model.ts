// Finds the file that a model's name means, without a request and without loading what makes one.
//
// 1. A .bin file that exists is that file.
// 2. A folder, or a file of another format, is a source, which the store keeps a model of.
// 3. ORG/NAME is a repository, which the store keeps a model of.
// 4. Anything else is no model.

import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openFile, recogniseFormat, SNIFF_BYTES } from '@llama-ts/base';
import { type Entry, modelPath, readEntry, type StoreName } from './entries.js';
import { isAddress, modelNameText, parseModelName } from './model-name.js';
import { areFresh } from './stamps.js';
import { openStore, type StorePaths } from './store-folder.js';
import { DEFAULT_VARIANT, type VariantName, variantOf } from './variants.js';

/** The meaning of a name. */
export type LocatedModel =
  /** A file that is opened as it is. */
  | { readonly kind: 'file'; readonly path: string }
  /** A model of the store. */
  | { readonly kind: 'stored'; readonly path: string; readonly entry: Entry }
  /** A name whose model the store does not have, or has of an earlier state of its source. */
  | { readonly kind: 'unmade'; readonly store: StorePaths; readonly name: StoreName }
  /** No name of a model: most likely a mistyped path. */
  | { readonly kind: 'missing' };

/** Formats of files that a model can be made from. */
const convertible = ['gguf', 'zip'];

/**
 * Finds the model of a name by the rule above.
 *
 * @throws ToolkitError `USAGE` for a variant that there is not, `STORE_FAILED`
 */
export async function locateModel(name: string): Promise<LocatedModel> {
  const local = await localName(name);
  if (local === 'file') return { kind: 'file', path: name };
  const named = local ?? repositoryName(name);
  if (named === null) return { kind: 'missing' };
  const store = openStore();
  const entry = await readEntry(store, named);
  if (entry !== null && (entry.source.kind === 'repository' || (await areFresh(entry.source.stamps)))) {
    return { kind: 'stored', path: modelPath(store, entry), entry };
  }
  if (named.kind === 'repository' && (await isFolderOfPath(name))) return { kind: 'missing' };
  return { kind: 'unmade', store, name: named };
}

/** The name that the store knows a model by; null for a name that is no source. @throws ToolkitError `USAGE` */
export async function storeName(name: string): Promise<StoreName | null> {
  const local = await localName(name);
  return local === 'file' ? null : (local ?? repositoryName(name));
}

/** A name with the variant that it leaves open: what is measured of a source has to be said. A file's name is as it was typed. */
export async function nameWithVariant(name: string): Promise<string> {
  const named = await storeName(name);
  if (named === null) return name;
  if (named.kind === 'repository') return modelNameText(named);
  return name.endsWith(`:${named.variant}`) ? name : `${await pathOfName(name)}:${named.variant}`;
}

/** The path in a local source's name, as it was typed. */
async function pathOfName(name: string): Promise<string> {
  return (await stat(name).catch(() => null)) === null ? name.replace(/:[^:]*$/, '') : name;
}

function repositoryName(name: string): StoreName | null {
  const parsed = parseModelName(name);
  return parsed === null ? null : { kind: 'repository', ...parsed };
}

/** A source on this machine, `file` for a model's file, null for a path that is not there. */
async function localName(name: string): Promise<StoreName | 'file' | null> {
  const found = await stat(name).catch(() => null);
  if (found !== null) return sourceAt(name, DEFAULT_VARIANT, found.isDirectory());
  const [, path, word] = /^(.+):([\w.-]+)$/.exec(name) ?? [];
  const variant = word === undefined ? null : variantOf(word);
  const source = variant === null ? null : await stat(path!).catch(() => null);
  return source === null ? null : sourceAt(path!, variant!, source.isDirectory());
}

async function sourceAt(path: string, variant: VariantName, isFolder: boolean): Promise<StoreName | 'file'> {
  if (!isFolder && !(await isConvertible(path))) return 'file';
  return { kind: 'local', path: await realpath(path), variant };
}

/** Whether a file is of a format that a model is made from. What a .bin file holds is checked as it is opened. */
async function isConvertible(path: string): Promise<boolean> {
  if (/\.bin$/i.test(path)) return false;
  const file = await openFile(path).catch(() => null);
  if (file === null) return false;
  try {
    const format = recogniseFormat(await file.read(0, Math.min(SNIFF_BYTES, file.byteLength)));
    return format !== null && convertible.includes(format.id);
  } finally {
    await file.close();
  }
}

/** Whether ORG/NAME is most likely a mistyped path: there is a folder ORG here. */
async function isFolderOfPath(name: string): Promise<boolean> {
  if (isAddress(name)) return false;
  return (await stat(dirname(name)).catch(() => null))?.isDirectory() === true;
}
