// llama list: the models of the store.

import { byteSize } from '@llama-ts/base';
import { BaseCommand } from '../base-command.js';
import { listEntries } from '../store/entries.js';
import { type ListedModel, listedModel } from '../store/listed-model.js';
import { openStore } from '../store/store-folder.js';
import { fitTable } from '../terminal/fit-table.js';

/** Output of `--json`. */
interface ListReport {
  readonly folder: string;
  readonly models: readonly ListedModel[];
  /** Bytes of all files; one that several names mean counts once. */
  readonly byteLength: number;
}

export default class List extends BaseCommand {
  static override description = 'List the models of the store, which run, chat and the others made or pull downloaded';
  static override examples = ['<%= config.bin %> list', '<%= config.bin %> list --json'];
  static override enableJsonFlag = true;

  override async run(): Promise<ListReport> {
    await this.parse(List);
    const store = openStore();
    const models = (await listEntries(store)).map((entry) => listedModel(store, entry));
    const sizes = new Map(models.map(({ path, byteLength }) => [path, byteLength]));
    const byteLength = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    if (models.length === 0) {
      this.log(`no model in ${store.folder}; to get one: llama pull meta-llama/Llama-3.2-1B-Instruct`);
    } else {
      for (const line of modelLines(models, this.columns)) this.log(line);
      this.log(`${byteSize(byteLength)} in ${store.folder}`);
    }
    return { folder: store.folder, models, byteLength };
  }
}

function modelLines(models: readonly ListedModel[], columns: number): string[] {
  const rows = models.map(({ name, byteLength, commit, made }) => {
    return { name, cells: [byteSize(byteLength), commit?.slice(0, 12) ?? 'local', made.slice(0, 10)] };
  });
  const heads = [{ head: 'size', isNumber: true }, { head: 'commit' }, { head: 'made' }];
  return fitTable({ title: 'name', columns: heads, rows, hasHeads: true }, columns);
}
