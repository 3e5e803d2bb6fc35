// Entries of the store: small files that say which model a name means.

import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { modelNameText, type RepositoryName } from './model-name.js';
import type { StorePaths } from './store-folder.js';
import { type VariantName, variantNames } from './variants.js';

/** A file or folder as it was when a model was made from it. */
export interface Stamp {
  readonly path: string;
  /** Size and time of the last change. */
  readonly state: string;
}

/** What a model was made from. */
export type EntrySource =
  | { readonly kind: 'repository'; readonly repo: string; readonly revision: string; readonly commit: string }
  /** A folder or file of this machine; the stamps are those of what was read. */
  | { readonly kind: 'local'; readonly path: string; readonly stamps: readonly Stamp[] };

/** What the store knows of one name. */
export interface Entry {
  readonly source: EntrySource;
  readonly variant: VariantName;
  /** Name of the file, without its ending. */
  readonly key: string;
  readonly byteLength: number;
  /** When the file was made, in ISO 8601. */
  readonly made: string;
}

/** A name that a model has, or is to get. */
export type StoreName =
  | ({ readonly kind: 'repository' } & RepositoryName)
  /** The real path of a folder or file. */
  | { readonly kind: 'local'; readonly path: string; readonly variant: VariantName };

/** Changes when entries are written in another form, which are then not found. */
const FORM = 'llama3.2.ts store 1';
const KEY_DIGITS = 32;
/** An entry of a folder of a thousand shards takes less. */
const MAX_ENTRY_BYTES = 1024 * 1024;

/** The key of a model made from a commit or from a local source's identity. */
export function keyOfModel(origin: string, variant: VariantName): string {
  return digest([FORM, origin, variant]);
}

/** Path of the entry of a name. */
export function entryPath(store: StorePaths, name: StoreName): string {
  const words = name.kind === 'repository' ? [name.repo, name.revision] : [name.path];
  return join(store.names, `${digest([FORM, name.kind, ...words, name.variant])}.json`);
}

/** Path of an entry's model. */
export function modelPath(store: StorePaths, { key }: Pick<Entry, 'key'>): string {
  return join(store.files, `${key}.bin`);
}

/** The entry of a name whose model is there and whole; null if there is none. */
export async function readEntry(store: StorePaths, name: StoreName): Promise<Entry | null> {
  const entry = await readEntryFile(store, entryPath(store, name));
  return entry !== null && (await hasModel(store, entry)) ? entry : null;
}

/** Whether an entry's model is there, as long as it was when it was made. */
export async function hasModel(store: StorePaths, entry: Pick<Entry, 'key' | 'byteLength'>): Promise<boolean> {
  return (await sizeOf(modelPath(store, entry))) === entry.byteLength;
}

/** Size of a file; null if there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  const found = await stat(path).catch(() => null);
  return found?.isFile() ? found.size : null;
}

/** All entries whose models are there, in the order of their names. */
export async function listEntries(store: StorePaths): Promise<readonly Entry[]> {
  const paths = (await readdir(store.names).catch(() => [])).filter((name) => /^[0-9a-f]+\.json$/.test(name));
  const entries: Entry[] = [];
  for (const path of paths) {
    const entry = await readEntryFile(store, join(store.names, path));
    if (entry !== null && (await hasModel(store, entry))) entries.push(entry);
  }
  return entries.sort((a, b) => (nameText(a) < nameText(b) ? -1 : 1));
}

/** The name of an entry, as it is typed. */
export function nameText({ source, variant }: Pick<Entry, 'source' | 'variant'>): string {
  return source.kind === 'repository' ? modelNameText({ ...source, variant }) : `${source.path}:${variant}`;
}

/** The name of an entry. */
export function nameOfEntry({ source, variant }: Entry): StoreName {
  return source.kind === 'repository'
    ? { kind: 'repository', repo: source.repo, revision: source.revision, variant }
    : { kind: 'local', path: source.path, variant };
}

/** The bytes of an entry. */
export function encodeEntry(entry: Entry): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify({ form: FORM, ...entry }, null, 2)}\n`);
}

/** A file that is no entry, one of another form, or one that is not where its name's is, counts as none: it is written anew. */
async function readEntryFile(store: StorePaths, path: string): Promise<Entry | null> {
  const size = await sizeOf(path);
  if (size === null || size > MAX_ENTRY_BYTES) return null;
  try {
    const entry = JSON.parse(await readFile(path, 'utf8')) as Entry & { form?: unknown };
    const { source, variant, key, byteLength, made } = entry;
    const isKnown = entry.form === FORM && variantNames.includes(variant) && /^[0-9a-f]{32}$/.test(key);
    if (!isKnown || !Number.isSafeInteger(byteLength) || typeof made !== 'string') return null;
    if (!isSource(source)) return null;
    const found = { source, variant, key, byteLength, made };
    return entryPath(store, nameOfEntry(found)) === path ? found : null;
  } catch {
    return null;
  }
}

function isSource(source: EntrySource | undefined): boolean {
  if (source?.kind === 'repository') {
    return [source.repo, source.revision, source.commit].every((text) => typeof text === 'string');
  }
  if (source?.kind !== 'local' || typeof source.path !== 'string' || !Array.isArray(source.stamps)) return false;
  return source.stamps.every((stamp: Partial<Stamp> | null) => {
    return typeof stamp?.path === 'string' && typeof stamp.state === 'string';
  });
}

function digest(words: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(words)).digest('hex').slice(0, KEY_DIGITS);
}
