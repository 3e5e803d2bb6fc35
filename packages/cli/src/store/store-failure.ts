// Errors of the store: of its disk, and of the hub in the words of a model's name.

import { freeSpace, isToolkitError, shellWord, ToolkitError } from '@llama-ts/base';
import { describeFileFailure } from '@llama-ts/durable';
import type { ExportPlan } from '@llama-ts/exporter';
import { retyped } from '../failure/retyped.js';
import type { StoreName } from './entries.js';
import { DEFAULT_REVISION, modelNameText, type RepositoryName } from './model-name.js';
import type { StorePaths } from './store-folder.js';
import { variantVersions } from './variants.js';

const elsewhere = ['keep models in a folder of your own: export LLAMA_HOME=FOLDER'];
const whenFull = ['see what can go: llama list', 'keep models on another disk: export LLAMA_HOME=FOLDER'];

/** What was to be made. */
export interface FailedModel {
  readonly store: StorePaths;
  readonly name: StoreName;
  /** The name as it was typed. */
  readonly typed: string;
}

/** Names a failure of the store's disk, and says a revision as a part of the name; hands back every other error. */
export function storeFailure(error: unknown, { store, name, typed }: FailedModel): unknown {
  if (!isToolkitError(error)) return describeStoreFailure(error, store);
  const { code, message, suggestions } = error;
  const isOfStore = message.startsWith(store.folder);
  if (isOfStore && code === 'OUTPUT_READ_ONLY') return failure('STORE_READ_ONLY', message, elsewhere, error);
  if (isOfStore && code.startsWith('OUTPUT_')) return failure('STORE_FAILED', message, elsewhere, error);
  if (isOfStore && code === 'WRITE_FAILED') return failure('STORE_FAILED', message, elsewhere, error);
  if (isOfStore && code === 'DISK_FULL') return failure('DISK_FULL', message, whenFull, error);
  if (name.kind === 'local') {
    const said = suggestions.map((text) =>
      text.replace(/--(?:rope-factor|context-length) \S+$/, (flag) => {
        return `llama export ${shellWord(name.path)} ${flag} --version ${variantVersions[name.variant]}`;
      }),
    );
    return failure(code, message, said, error);
  }
  const said = suggestions.map((text) =>
    text
      .replace(/^--file (.+)$/s, (_, file: string) => exportOf(name, file))
      .replace(/--revision (\S+)$/, (_, revision: string) => {
        const other = modelNameText({ ...name, revision });
        return retyped(typed, other) ?? other;
      }),
  );
  return failure(code, message, said, error);
}

/**
 * A name of the store stands for a whole repository, and of one with several GGUF files each is exported by itself.
 *
 * @param file quoted for a shell
 */
function exportOf({ repo, revision, variant }: RepositoryName, file: string): string {
  const at = revision === DEFAULT_REVISION ? '' : ` --revision ${shellWord(revision)}`;
  return `make a file of this one: llama export ${repo} --file ${file}${at} --version ${variantVersions[variant]}`;
}

/** Names a failure of the store's disk; hands back every other error. */
export function describeStoreFailure(error: unknown, { folder }: StorePaths): unknown {
  return describeFileFailure(error, {
    what: `${folder}: the store cannot be written`,
    whenFull,
    readOnly: { code: 'STORE_READ_ONLY', suggestions: elsewhere },
    other: { code: 'STORE_FAILED', suggestions: elsewhere },
  });
}

/** Refuses a model that there is no space for, before anything is downloaded. @throws ToolkitError `DISK_FULL` */
export function checkRoom({ folder }: StorePaths, { disks }: ExportPlan): void {
  const full = disks.find(({ neededBytes, freeBytes }) => freeBytes < neededBytes);
  if (full === undefined) return;
  const space = freeSpace(full.freeBytes, full.neededBytes, ` at ${full.folder}`);
  throw new ToolkitError('DISK_FULL', `${folder}: ${space}`, { suggestions: whenFull });
}

function failure(
  code: ToolkitError['code'],
  message: string,
  suggestions: readonly string[],
  cause: unknown,
): ToolkitError {
  return new ToolkitError(code, message, { suggestions, cause });
}
