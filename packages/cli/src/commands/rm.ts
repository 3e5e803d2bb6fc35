// llama rm: models leave the store.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { byteSize, commandLine, ToolkitError } from '@llama-ts/base';
import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../base-command.js';
import { hubSettings } from '../environment/hub-settings.js';
import { type Entry, listEntries, nameText } from '../store/entries.js';
import { findEntry } from '../store/find-entry.js';
import { removeEntry, tidy } from '../store/remove-models.js';
import { describeStoreFailure } from '../store/store-failure.js';
import { openStore, type StorePaths } from '../store/store-folder.js';

/** Output of `--json`. */
interface RmReport {
  readonly removed: readonly { readonly name: string; readonly freedBytes: number }[];
  readonly freedBytes: number;
}

export default class Rm extends BaseCommand {
  static override strict = false;
  static override description = 'Remove models from the store, and what interrupted commands left there';
  static override examples = [
    '<%= config.bin %> rm meta-llama/Llama-3.2-1B-Instruct',
    '<%= config.bin %> rm meta-llama/Llama-3.2-1B-Instruct:q8 ./my-checkpoint',
    '<%= config.bin %> rm --all',
  ];
  static override enableJsonFlag = true;
  static override args = {
    model: Args.string({ description: 'names as list shows them; without a variant, q4', ignoreStdin: true }),
  };
  static override flags = { all: Flags.boolean({ description: 'remove every model' }) };

  override async run(): Promise<RmReport> {
    const { args, flags } = await this.parse(Rm);
    const store = openStore();
    const entries = await this.#chosen(store, flags.all === true, args.model === undefined ? [] : this.texts);
    const removed: RmReport['removed'][number][] = [];
    try {
      for (const entry of entries) {
        this.signal.throwIfAborted();
        const { freedBytes } = await removeEntry(store, entry);
        removed.push({ name: nameText(entry), freedBytes });
        this.log(`removed ${nameText(entry)}: ${freedText(freedBytes)}`);
      }
      await tidy(store);
    } catch (error) {
      throw describeStoreFailure(error, store);
    }
    for (const repo of reposOf(entries)) await this.#sayWhatStays(repo);
    return { removed, freedBytes: removed.reduce((sum, { freedBytes }) => sum + freedBytes, 0) };
  }

  async #chosen(store: StorePaths, isAll: boolean, names: readonly string[]): Promise<readonly Entry[]> {
    if (isAll === names.length > 0) {
      throw new ToolkitError('USAGE', 'expected the names of models, or --all', {
        suggestions: ['see which there are: llama list'],
      });
    }
    if (isAll) return listEntries(store);
    const entries: Entry[] = [];
    for (const name of names) entries.push(await findEntry(store, name));
    return [...new Map(entries.map((entry) => [nameText(entry), entry])).values()];
  }

  /** The hub cache is shared with other programs, so that what it holds is theirs to remove as well. */
  async #sayWhatStays(repo: string): Promise<void> {
    const folder = join(hubSettings().cacheDir, `models--${repo.replace('/', '--')}`);
    const byteLength = await sizeOfBlobs(join(folder, 'blobs'));
    if (byteLength === 0) return;
    const command = commandLine(['rm', '-r', folder]);
    this.logToStderr(
      `the checkpoint stays in the hub cache, for other programs too: ${byteSize(byteLength)}\n  to remove it: ${command}`,
    );
  }
}

function freedText(freedBytes: number): string {
  return freedBytes === 0 ? 'another name has the same model, which stays' : `${byteSize(freedBytes)} are free`;
}

function reposOf(entries: readonly Entry[]): readonly string[] {
  return [...new Set(entries.flatMap(({ source }) => (source.kind === 'repository' ? [source.repo] : [])))];
}

async function sizeOfBlobs(folder: string): Promise<number> {
  let byteLength = 0;
  for (const name of await readdir(folder).catch(() => [])) {
    byteLength += (await stat(join(folder, name)).catch(() => null))?.size ?? 0;
  }
  return byteLength;
}
