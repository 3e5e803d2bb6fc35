// Finds the entry of a name that must be in the store, and says what is there instead.

import { commandLine, nearest, ToolkitError } from '@llama-ts/base';
import { retyped } from '../failure/retyped.js';
import { type Entry, listEntries, nameText, readEntry } from './entries.js';
import { storeName } from './locate-model.js';
import type { StorePaths } from './store-folder.js';

const MAX_SUGGESTED = 3;

/** @throws ToolkitError `NOT_IN_STORE`; `USAGE` for a variant that there is not */
export async function findEntry(store: StorePaths, typed: string): Promise<Entry> {
  const name = await storeName(typed);
  const entry = name === null ? null : await readEntry(store, name);
  if (entry !== null) return entry;
  const entries = await listEntries(store);
  // A folder that is not there any more still has the name that list shows.
  const listed = entries.find((one) => nameText(one) === typed);
  if (listed !== undefined) return listed;
  throw new ToolkitError('NOT_IN_STORE', `${typed}: the store has no such model`, {
    suggestions: suggestionsFor(typed, entries),
  });
}

/** Other variants and revisions of the same repository, else the nearest name, else the list. */
function suggestionsFor(typed: string, entries: readonly Entry[]): readonly string[] {
  const names = entries.map(nameText);
  const repo = /^[^:@]+/.exec(typed)?.[0] ?? typed;
  const same = names.filter((name) => name.startsWith(`${repo}:`));
  const near = same.length > 0 ? same : [nearest(typed, names)].filter((name) => name !== null);
  if (near.length === 0) return ['see which there are: llama list'];
  return near.slice(0, MAX_SUGGESTED).map((name) => retyped(typed, name) ?? commandLine(['llama', 'show', name]));
}
